"""Signals end a run once and in order, whatever it was doing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from include.local_run.command import Interrupted, _end_on_signals

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_ends_and_the_second_does_not_disturb(number: signal.Signals) -> None:
    """Protects the ending from an impatient second Ctrl-C, which would leave processes behind."""
    _end_on_signals()
    with pytest.raises(Interrupted) as interrupted:
        os.kill(os.getpid(), number)
    assert interrupted.value.number == number
    os.kill(os.getpid(), number)


def test_no_signal_disturbs_an_ending_that_has_begun() -> None:
    _end_on_signals().set()
    os.kill(os.getpid(), signal.SIGINT)

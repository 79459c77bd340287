"""The first signal stops a run; later signals do not interrupt the stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from include.local_run.command import Interrupted, _end_on_signals

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _restore_handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_only_the_first_signal_interrupts(number: signal.Signals) -> None:
    """Protects the stop from a second Ctrl-C, which would leave processes behind."""
    _end_on_signals()
    with pytest.raises(Interrupted) as interrupted:
        os.kill(os.getpid(), number)
    assert interrupted.value.number == number
    os.kill(os.getpid(), number)


def test_a_signal_that_is_ignored_stays_so() -> None:
    """With nohup, a run goes on after a logout."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _end_on_signals()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_signals_are_ignored_while_the_stack_stops() -> None:
    _end_on_signals().set()
    os.kill(os.getpid(), signal.SIGINT)

"""Stopping and killing processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill_matrix.killing import kill, paused

COUNTS = "import itertools, sys\nfor n in itertools.count(): open(sys.argv[1], 'w').write(str(n))"


@pytest.fixture
def counted(tmp_path: Path) -> Path:
    return tmp_path / "count"


@pytest.fixture
def counter(counted: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that counts in a file as fast as it can."""
    with subprocess.Popen([sys.executable, "-c", COUNTS, str(counted)]) as process:
        while not counted.exists():
            time.sleep(0.01)
        yield process
        process.kill()


def _state(process: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_paused_process_stands_still_and_goes_on(
    counter: subprocess.Popen[bytes], counted: Path
) -> None:
    with paused(counter.pid):
        while _state(counter) != "T":
            time.sleep(0.01)
        before = counted.read_text()
        time.sleep(0.2)
        assert counted.read_text() == before
    while counted.read_text() in ("", before):
        time.sleep(0.01)


def test_a_paused_process_can_be_killed(counter: subprocess.Popen[bytes]) -> None:
    with paused(counter.pid):
        kill(counter.pid, with_children=True)
    assert counter.wait(timeout=60) == -9


def test_nothing_is_paused_if_the_process_has_ended(counter: subprocess.Popen[bytes]) -> None:
    counter.kill()
    counter.wait()
    with paused(counter.pid), paused(None):
        pass

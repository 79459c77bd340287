"""Logs go when they are old or too much, but never while something writes to them."""

import os
import time
from pathlib import Path

import pytest

from include.local_aws.observability.retention import Retention
from include.local_aws.processes.process_reaper import Log

_DAY = 86400


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Streams of 100 kB each, by their names so many days old."""
    for days in (0, 1, 2, 40):
        _stream(tmp_path, f"TrainingJobs/job-{days}/algo-1-1", days)
    return tmp_path


def _stream(logs: Path, name: str, days: float) -> Path:
    file = logs / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"1 line\n" * 14_000)
    written = time.time() - days * _DAY
    os.utime(file, (written, written))
    return file


def _swept(logs: Path, days: int = 30, size: int = 1 << 30) -> list[str]:
    removed = Retention(logs, days, size).sweep()
    assert not any(file.parent.exists() for file in removed)
    return [file.parent.name for file in removed]


def test_old_ones_are_removed_with_their_folder(logs: Path) -> None:
    assert _swept(logs) == ["job-40"]
    assert _swept(logs) == []


def test_beyond_the_size_the_oldest_are_removed(logs: Path) -> None:
    assert _swept(logs, size=250_000) == ["job-2", "job-40"]


def test_one_that_was_just_written_stays_whatever_it_takes(logs: Path) -> None:
    assert "job-0" not in _swept(logs, size=1)


def test_one_that_is_still_written_to_stays_however_old(logs: Path) -> None:
    held = Log(str(logs / "TrainingJobs/job-40/algo-1-1"))
    assert _swept(logs) == []
    os.close(held._fd)
    assert _swept(logs) == ["job-40"]

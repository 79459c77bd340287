"""Logs above the limits on age and size are deleted, except those that are written to."""

import os
import time
from pathlib import Path

import pytest

from include.local_aws.observability.retention import Retention
from include.local_aws.processes.process_reaper import Log

_DAY = 86400


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Streams of 100 kB; the names contain their age in days."""
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


def _sweep(logs: Path, days: int = 30, size: int = 1 << 30) -> list[str]:
    removed = Retention(logs, days, size).sweep()
    assert not any(file.parent.exists() for file in removed)
    return [file.parent.name for file in removed]


def test_old_streams_are_deleted_with_their_folder(logs: Path) -> None:
    assert _sweep(logs) == ["job-40"]
    assert _sweep(logs) == []


def test_the_oldest_streams_above_the_size_limit_are_deleted(logs: Path) -> None:
    assert _sweep(logs, size=250_000) == ["job-2", "job-40"]


def test_a_recent_stream_is_kept_above_the_size_limit(logs: Path) -> None:
    assert "job-0" not in _sweep(logs, size=1)


def test_an_old_stream_that_is_written_to_is_kept(logs: Path) -> None:
    log = Log(str(logs / "TrainingJobs/job-40/algo-1-1"))
    assert _sweep(logs) == []
    os.close(log._fd)
    assert _sweep(logs) == ["job-40"]

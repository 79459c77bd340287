"""Retention of logs: limits on age and size. Streams that are written to are not deleted."""

import contextlib
import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_log = logging.getLogger(__name__)
_PERIOD = 3600.0  # seconds between sweeps
_YOUNG = 60.0  # seconds; younger streams are not deleted
_DAY = 86400.0


class Retention:
    """Context manager that sweeps a folder of log streams at the start and every hour.

    Args:
        logs: The folder.
        days: Streams whose last line is older are deleted.
        size: Bytes that all streams may use; above it, the oldest streams are deleted.
    """

    def __init__(self, logs: Path, days: int, size: int) -> None:
        self._logs = logs
        self._days = days
        self._size = size
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self.sweep()
            except OSError as error:
                _log.warning("cannot delete old logs in %s: %s", self._logs, error)
            if self._ended.wait(_PERIOD):
                return

    def sweep(self) -> list[Path]:
        """Delete streams above the limits; return the deleted files."""
        now, taken, removed = time.time(), 0, []
        for file in _newest_first(self._logs):
            stat = file.stat()
            taken += stat.st_blocks * 512  # st_size includes freed space
            age = now - stat.st_mtime
            wanted = age < self._days * _DAY and taken <= self._size
            if not wanted and age > _YOUNG and _remove(file):
                removed.append(file)
        return removed


def _newest_first(logs: Path) -> list[Path]:
    files = [file for file in logs.rglob("*") if file.is_file()]
    return sorted(files, key=lambda file: file.stat().st_mtime, reverse=True)


def _remove(file: Path) -> bool:
    """Delete a stream, unless a process reaper has locked it, and its folder if it is empty."""
    with _lock(file) as locked:
        if locked:
            file.unlink()
            with contextlib.suppress(OSError):  # the folder has other streams
                file.parent.rmdir()
    return locked


@contextlib.contextmanager
def _lock(file: Path) -> Iterator[bool]:
    with file.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True

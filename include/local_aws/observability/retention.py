"""How much disk logs may take: the oldest go first, and none that is still written to."""

import contextlib
import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_log = logging.getLogger(__name__)
_PERIOD = 3600.0  # seconds between two sweeps
_YOUNG = 60.0  # seconds for which a stream stays, whatever it takes
_DAY = 86400.0


class Retention:
    """Sweeps a folder of log streams now and every hour, as a context.

    Args:
        logs: the folder.
        days: what was written last so long ago is removed.
        size: the bytes that all streams may take; beyond it the oldest are removed.
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
                _log.warning("logs in %s are not swept: %s", self._logs, error)
            if self._ended.wait(_PERIOD):
                return

    def sweep(self) -> list[Path]:
        """Remove what is too old or too much; returns what was removed."""
        now, taken, removed = time.time(), 0, []
        for file in _newest_first(self._logs):
            stat = file.stat()
            taken += stat.st_blocks * 512  # the size counts what was given up, too
            age = now - stat.st_mtime
            wanted = age < self._days * _DAY and taken <= self._size
            if not wanted and age > _YOUNG and _remove(file):
                removed.append(file)
        return removed


def _newest_first(logs: Path) -> list[Path]:
    files = [file for file in logs.rglob("*") if file.is_file()]
    return sorted(files, key=lambda file: file.stat().st_mtime, reverse=True)


def _remove(file: Path) -> bool:
    """Remove a stream, and a job's folder with its last one, unless a reaper holds it."""
    with _unheld(file) as free:
        if free:
            file.unlink()
            with contextlib.suppress(OSError):  # it has other streams
                file.parent.rmdir()
    return free


@contextlib.contextmanager
def _unheld(file: Path) -> Iterator[bool]:
    with file.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True

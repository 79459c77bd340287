"""Progress of a download in the task's log."""

from __future__ import annotations

import logging
import time

INTERVAL = 5.0
MEGABYTE = 1_000_000

log = logging.getLogger(__name__)


class Progress:
    """Logs every few seconds how much of a file has been stored, its share, and the rate.

    Args:
        name: The file's name.
        interval: Seconds between two log lines.
    """

    def __init__(self, name: str, interval: float = INTERVAL) -> None:
        self._name, self._interval = name, interval
        self._logged_at = time.monotonic()
        # The first update only sets the start: bytes of an earlier task do not count in the rate.
        self._logged: int | None = None

    def update(self, done: int, total: int | None) -> None:
        """Take note of the stored bytes, and of the file's size if it is known."""
        if self._logged is None:
            self._logged = done
        now = time.monotonic()
        elapsed = now - self._logged_at
        if elapsed < self._interval:
            return
        rate = max(done - self._logged, 0) / elapsed / MEGABYTE if elapsed else 0.0
        self._logged_at, self._logged = now, done
        share = f" of {total / MEGABYTE:.1f} MB ({done / total:.0%})" if total else " MB"
        log.info("%s: %.1f%s, %.1f MB/s", self._name, done / MEGABYTE, share, rate)

"""How far a file has come, in the task's log."""

from __future__ import annotations

import logging
import time

EVERY = 5.0
MEGABYTE = 1_000_000

log = logging.getLogger(__name__)


class Progress:
    """Says every few seconds how much of a file is there, its share, and the rate.

    Args:
        name: What the file is called.
        every: Seconds between two lines.
    """

    def __init__(self, name: str, every: float = EVERY) -> None:
        self._name, self._every = name, every
        self._told_at = time.monotonic()
        self._told: int | None = None  # what an earlier task brought is no part of the rate

    def at(self, done: int, total: int | None) -> None:
        """Take note that so many bytes are there, of so many if that is known."""
        if self._told is None:
            self._told = done
        now = time.monotonic()
        passed = now - self._told_at
        if passed < self._every:
            return
        rate = max(done - self._told, 0) / passed / MEGABYTE if passed else 0.0
        self._told_at, self._told = now, done
        share = f" of {total / MEGABYTE:.1f} MB ({done / total:.0%})" if total else " MB"
        log.info("%s: %.1f%s, %.1f MB/s", self._name, done / MEGABYTE, share, rate)

"""Progress of long operations, logged every few seconds."""

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

SECONDS_BETWEEN_LINES = 5.0

_log = logging.getLogger(__name__)


def with_progress(items: Iterable[Item], title: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items; log their number at intervals, and their rate at the end."""
    started = last = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += 1
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            _log.info("%s: %d%s", title, done, f" of {total}" if total else "")
    seconds = time.monotonic() - started
    _log.info("%s: %d in %.1f s (%.0f a second)", title, done, seconds, done / max(seconds, 1e-9))

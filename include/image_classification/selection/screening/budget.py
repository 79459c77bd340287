"""A budget that several threads share, such as bytes of memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """A number of units that threads hold and release, like a weighted semaphore."""

    def __init__(self, units: int) -> None:
        """Create a budget of this many units."""
        self._units = units
        self._left = units
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, units: int) -> Iterator[None]:
        """Hold units; wait until they are free.

        A request for more units than the budget has waits for all of them.
        """
        units = min(units, self._units)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= units)
            self._left -= units
        try:
            yield
        finally:
            with self._changed:
                self._left += units
                self._changed.notify_all()

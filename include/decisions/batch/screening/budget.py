"""A budget that several threads share: a thread waits until its part fits beside the others'."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """A number of units, of which threads take parts and give them back."""

    def __init__(self, units: int) -> None:
        """Create a budget of this many units."""
        self._units = units
        self._left = units
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, units: int) -> Iterator[None]:
        """Hold some units, as soon as they are there.

        More than there are at all is held as all: it is alone then.
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

"""Shorten lists of names for messages."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

MAX_NAMES = 3


def shorten_list(names: Collection[str]) -> str:
    """Return the first names, separated by commas, and "..." if there are more."""
    return ", ".join(islice(names, MAX_NAMES)) + (", ..." if len(names) > MAX_NAMES else "")


class FirstNames:
    """The first names of a sorted list of any length, for messages.

    Attributes:
        count: The number of different names.
    """

    def __init__(self) -> None:
        """Create an empty list."""
        self.count = 0
        self._first: list[str] = []
        self._last = ""

    def add(self, name: str) -> None:
        """Add a name, which does not come before the last one; a repeated name counts once."""
        if self.count and name == self._last:
            return
        self.count += 1
        self._last = name
        if len(self._first) < MAX_NAMES:
            self._first.append(name)

    def __str__(self) -> str:
        more = self.count - len(self._first)
        return ", ".join(self._first) + (f" and {more} more" if more else "")

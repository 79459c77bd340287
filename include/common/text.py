"""Shorten lists of names for messages."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

MAX_NAMES = 3


def shorten_list(names: Collection[str]) -> str:
    """Return the first names, separated by commas, and "..." if there are more."""
    return ", ".join(islice(names, MAX_NAMES)) + (", ..." if len(names) > MAX_NAMES else "")

"""How a message names a few of many."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

MOST = 3


def few_of(names: Collection[str]) -> str:
    """Return the first names in their order, and dots where there are more."""
    return ", ".join(islice(names, MOST)) + (", ..." if len(names) > MOST else "")

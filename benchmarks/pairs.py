"""Timing two things against each other, so that a noisy machine disturbs both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypedDict

PAIRS = 5


class Ratio(TypedDict):
    """One comparison: `ratio` above 1 says that ours is faster by that factor."""

    ours: float
    peer: float
    ratio: float
    unit: str
    peer_is: str


def compare(ours: Callable[[], None], peer: Callable[[], None], peer_is: str) -> Ratio:
    """Run both in turns, `PAIRS` times, after one unmeasured turn of each.

    Args:
        ours: The project's way.
        peer: The other way to the same result.
        peer_is: What the other way is, for the table.

    Returns:
        The medians in seconds, and the median of the pairs' ratios.
    """
    ours()
    peer()
    pairs = [(_seconds(ours), _seconds(peer)) for _ in range(PAIRS)]
    return {
        "ours": round(statistics.median(mine for mine, _ in pairs), 3),
        "peer": round(statistics.median(theirs for _, theirs in pairs), 3),
        "ratio": round(statistics.median(theirs / mine for mine, theirs in pairs), 2),
        "unit": "seconds",
        "peer_is": peer_is,
    }


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

"""Numbers as bars, for a page to draw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bin:
    """How many numbers lie from `start` up to `end`; `share` is of the fullest bin."""

    start: float
    end: float
    count: int
    share: float


def histogram(numbers: Sequence[float], bins: int, *, logarithmic: bool = False) -> list[Bin]:
    """Count numbers in bins of equal width, or of equal ratio.

    Numbers that are all the same have one bin, and none have none.

    Args:
        numbers: What to count; above 0 where the bins are of equal ratio.
        bins: How many bins there are at most.
        logarithmic: Whether each bin's end is the same multiple of its start.
    """
    if not numbers:
        return []
    low, high = min(numbers), max(numbers)
    if low == high:
        return [Bin(low, high, len(numbers), 1.0)]
    edges = np.geomspace(low, high, bins + 1) if logarithmic else np.linspace(low, high, bins + 1)
    counts = np.histogram(numbers, edges)[0].tolist()
    return [
        Bin(start, end, count, count / max(counts))
        for start, end, count in zip(edges, edges[1:], counts, strict=False)
    ]

"""Histograms for pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bin:
    """The number of values from `start` to `end`; `share` is relative to the fullest bin."""

    start: float
    end: float
    count: int
    share: float


def histogram(
    numbers: Sequence[float] | NDArray[Any], bins: int, *, logarithmic: bool = False
) -> list[Bin]:
    """Return a histogram with bins of equal width or, if logarithmic, of equal ratio.

    Equal numbers give one bin; an empty sequence gives no bins.

    Args:
        numbers: The values; greater than 0 for logarithmic bins.
        bins: The maximum number of bins.
        logarithmic: Whether the ratio of a bin's end and start is the same for all bins.
    """
    if not len(numbers):
        return []
    low, high = float(np.min(numbers)), float(np.max(numbers))
    if low == high:
        return [Bin(low, high, len(numbers), 1.0)]
    edges = np.geomspace(low, high, bins + 1) if logarithmic else np.linspace(low, high, bins + 1)
    counts = np.histogram(numbers, edges)[0].tolist()
    return [
        Bin(start, end, count, count / max(counts))
        for start, end, count in zip(edges, edges[1:], counts, strict=False)
    ]

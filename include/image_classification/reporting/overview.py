"""Figures of a batch, summed up row by row: 8 bytes of memory an image."""

import heapq
from array import array
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from include.image_classification.reporting.rows import Row

UNSURE, SURE = 0.5, 0.8


def band(row: Row) -> str:
    """Return the confidence band of a prediction: `unsure`, `fair` or `sure`."""
    if row.probability < UNSURE:
        return "unsure"
    return "fair" if row.probability < SURE else "sure"


class Overview:
    """The figures of a batch, and its least confident rows up to a number.

    Attributes:
        classes: The number of images by predicted class.
        bands: The number of images by confidence band.
        known: The number of images whose true class is known.
        right: The number of those that are classified correctly.

    Args:
        kept: The number of rows to keep.
    """

    def __init__(self, kept: int) -> None:
        self.classes: Counter[str] = Counter()
        self.bands: Counter[str] = Counter()
        self.known = self.right = 0
        self._probabilities = array("d")
        self._kept = kept
        # The most confident row is the first; of equally confident ones, the last by file.
        self._least: list[tuple[float, int, Row]] = []

    def add(self, row: Row) -> None:
        """Add a row; rows are added in the order of their files."""
        entry = -row.probability, -len(self._probabilities), row
        self._probabilities.append(row.probability)
        self.classes[row.label] += 1
        self.bands[band(row)] += 1
        self.known += row.correct is not None
        self.right += bool(row.correct)
        if len(self._least) < self._kept:
            heapq.heappush(self._least, entry)
        else:
            heapq.heappushpop(self._least, entry)

    @property
    def images(self) -> int:
        """The number of images."""
        return len(self._probabilities)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The probabilities of the predicted classes, in the order of the files."""
        return np.frombuffer(self._probabilities, np.float64)

    @property
    def median(self) -> float:
        """The median confidence; of two, the higher one. 0 without images."""
        if not self.images:
            return 0.0
        return float(np.partition(self.confidence, self.images // 2)[self.images // 2])

    def below(self, limit: float) -> NDArray[np.int64]:
        """Return the positions of the rows below a confidence, the least confident first."""
        found = np.flatnonzero(self.confidence < limit)
        return np.asarray(found[np.argsort(self.confidence[found], kind="stable")], np.int64)

    def least_confident(self) -> list[Row]:
        """Return the rows that are kept, the least confident first, then by file."""
        return [row for _, _, row in sorted(self._least, reverse=True)]

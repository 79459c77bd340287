"""Accuracy, counted over real rows only."""

import numpy as np
from numpy.typing import NDArray


class Accuracy:
    """Top-1 and, if asked for, top-k accuracy over the batches added so far."""

    def __init__(self, top_k: int | None) -> None:
        self._top_k = top_k
        self._rows = self._first = self._among = 0

    def add(self, scores: NDArray[np.float32], labels: NDArray[np.float32], count: int) -> None:
        """Count the first `count` rows of scores (batch x classes) against their labels."""
        scores, truth = scores[:count], labels[:count].astype(np.int64)
        self._rows += count
        self._first += int((scores.argmax(axis=1) == truth).sum())
        if self._top_k is not None:
            best = np.argpartition(-scores, self._top_k - 1, axis=1)[:, : self._top_k]
            self._among += int((best == truth[:, None]).any(axis=1).sum())

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return self._rows

    def named(self) -> dict[str, float]:
        """The figures under the names that MXNet logs."""
        rows = max(self._rows, 1)
        names = {"accuracy": self._first / rows}
        if self._top_k is not None:
            names[f"top_k_accuracy_{self._top_k}"] = self._among / rows
        return names

"""Accuracy and loss over the rows of batches, without padding rows."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


class Metric(Protocol):
    """A metric over the batches added so far."""

    @property
    def rows(self) -> int:
        """The number of rows."""

    def add(self, scores: Rows, labels: Rows, count: int, losses: Rows | None = None) -> None:
        """Add the first `count` rows of scores (batch x classes), labels and losses."""

    def values(self) -> dict[str, float]:
        """Return the values by the names that MXNet logs, including `accuracy`."""


class MeanLoss:
    """The mean of the rows' losses, without a value if any row came without its loss.

    Without rows the value is 0, as the accuracy is: all hosts must have the same metrics.
    """

    def __init__(self) -> None:
        self._rows, self._sum, self._complete = 0, 0.0, True

    def add(self, losses: Rows | None, count: int) -> None:
        """Add the first `count` losses."""
        if losses is None:
            self._complete = False
            return
        self._rows += count
        self._sum += float(losses[:count].sum(dtype=np.float64))

    def values(self) -> dict[str, float]:
        """Return the mean by MXNet's name."""
        return {"cross-entropy": self._sum / max(self._rows, 1)} if self._complete else {}


class Accuracy:
    """Top-1 and optionally top-k accuracy over the batches added so far."""

    def __init__(self, top_k: int | None) -> None:
        self._top_k, self._loss = top_k, MeanLoss()
        self._rows = self._top_1_correct = self._top_k_correct = 0

    def add(self, scores: Rows, labels: Rows, count: int, losses: Rows | None = None) -> None:
        """Add the first `count` rows of scores (batch x classes) and their labels."""
        scores, truth = scores[:count], labels[:count].astype(np.int64)
        self._rows += count
        self._top_1_correct += int((scores.argmax(axis=1) == truth).sum())
        if self._top_k is not None:
            best = np.argpartition(-scores, self._top_k - 1, axis=1)[:, : self._top_k]
            self._top_k_correct += int((best == truth[:, None]).any(axis=1).sum())
        self._loss.add(losses, count)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self._rows

    def values(self) -> dict[str, float]:
        """Return the values by the names that MXNet logs."""
        rows = max(self._rows, 1)
        values = {"accuracy": self._top_1_correct / rows}
        if self._top_k is not None:
            values[f"top_k_accuracy_{self._top_k}"] = self._top_k_correct / rows
        return values | self._loss.values()


class LabelAccuracy:
    """The share of correct labels over all rows and classes, for several labels per image.

    A class is predicted if its probability is at least 0.5, which means a score of at least 0.
    """

    def __init__(self) -> None:
        self._rows, self._correct, self._loss = 0, 0.0, MeanLoss()

    def add(self, scores: Rows, labels: Rows, count: int, losses: Rows | None = None) -> None:
        """Add the first `count` rows of scores, and labels of 0 and 1 for each class."""
        self._rows += count
        correct = (scores[:count] >= 0) == (labels[:count] > 0.5)
        self._correct += float(correct.mean(axis=1).sum())
        self._loss.add(losses, count)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self._rows

    def values(self) -> dict[str, float]:
        """Return the values by the names that MXNet logs."""
        return {"accuracy": self._correct / max(self._rows, 1)} | self._loss.values()

"""Accuracy and loss, counted over real rows only."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


class Metric(Protocol):
    """Figures over the batches added so far."""

    @property
    def rows(self) -> int:
        """How many rows were counted."""

    def add(self, scores: Rows, labels: Rows, count: int, losses: Rows | None = None) -> None:
        """Count the first `count` rows of scores (batch x classes), labels and losses."""

    def named(self) -> dict[str, float]:
        """The figures under the names that MXNet logs; `accuracy` is among them."""


class MeanLoss:
    """The mean of the losses of rows; no figure where rows came without theirs.

    Of no rows it is 0, as accuracy is: a host without any must name the same figures as the others.
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

    def named(self) -> dict[str, float]:
        """The mean, by MXNet's name."""
        return {"cross-entropy": self._sum / max(self._rows, 1)} if self._complete else {}


class Accuracy:
    """Top-1 and, if asked for, top-k accuracy over the batches added so far."""

    def __init__(self, top_k: int | None) -> None:
        self._top_k, self._loss = top_k, MeanLoss()
        self._rows = self._first = self._among = 0

    def add(self, scores: Rows, labels: Rows, count: int, losses: Rows | None = None) -> None:
        """Count the first `count` rows of scores (batch x classes) against their labels."""
        scores, truth = scores[:count], labels[:count].astype(np.int64)
        self._rows += count
        self._first += int((scores.argmax(axis=1) == truth).sum())
        if self._top_k is not None:
            best = np.argpartition(-scores, self._top_k - 1, axis=1)[:, : self._top_k]
            self._among += int((best == truth[:, None]).any(axis=1).sum())
        self._loss.add(losses, count)

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
        return names | self._loss.named()


class LabelAccuracy:
    """The share of right answers where each class of each row is a question of its own.

    A class counts as seen where its probability is at least one half, that is where its score
    is not below 0.
    """

    def __init__(self) -> None:
        self._rows, self._share, self._loss = 0, 0.0, MeanLoss()

    def add(self, scores: Rows, labels: Rows, count: int, losses: Rows | None = None) -> None:
        """Count the first `count` rows of scores against labels of 0 and 1 for each class."""
        self._rows += count
        right = (scores[:count] >= 0) == (labels[:count] > 0.5)
        self._share += float(right.mean(axis=1).sum())
        self._loss.add(losses, count)

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return self._rows

    def named(self) -> dict[str, float]:
        """The figures under the names that MXNet logs."""
        return {"accuracy": self._share / max(self._rows, 1)} | self._loss.named()

"""Rows of the report: a classified image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.evaluation.predictions import format_probability

BEST = 5


@dataclass(frozen=True)
class Guess:
    """A class and its predicted probability."""

    label: str
    probability: float


@dataclass(frozen=True)
class Row:
    """An image with its most probable classes, the best first, and its true class, if known."""

    file: str
    guesses: tuple[Guess, ...]
    truth: str | None

    @property
    def label(self) -> str:
        """The most probable class."""
        return self.guesses[0].label

    @property
    def probability(self) -> float:
        """The probability of the most probable class."""
        return self.guesses[0].probability

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is correct; None if the true class is unknown."""
        return None if self.truth is None else self.truth == self.label


def make_row(
    key: str, probabilities: NDArray[Any], classes: Sequence[str], truth: Mapping[str, str]
) -> Row:
    """Return the row of an image, with its five most probable classes."""
    best = np.argsort(-probabilities, kind="stable")[:BEST]
    guesses = tuple(Guess(classes[i], float(probabilities[i])) for i in best)
    return Row(key, guesses, truth.get(key))


def columns(classes: int, *, with_truth: bool) -> list[str]:
    """Return the header of predictions.csv."""
    others = range(2, min(BEST, classes) + 1)
    ranks = [name for rank in others for name in (f"label_{rank}", f"probability_{rank}")]
    return ["file", "label", "probability", *ranks, *(["truth", "correct"] if with_truth else [])]


def cells(row: Row, *, with_truth: bool) -> list[Any]:
    """Return a row of predictions.csv; an unknown true class is empty."""
    guesses = [cell for g in row.guesses for cell in (g.label, format_probability(g.probability))]
    if not with_truth:
        return [row.file, *guesses]
    correct = "" if row.correct is None else str(row.correct).lower()
    return [row.file, *guesses, row.truth or "", correct]

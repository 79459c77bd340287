"""One classified image, as the table and the gallery show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.evaluation.predictions import written

BEST = 5


@dataclass(frozen=True)
class Guess:
    """A class and how probable the model finds it."""

    label: str
    probability: float


@dataclass(frozen=True)
class Row:
    """An image, its most probable classes (best first) and, if known, its true class."""

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
        """Whether the model is right; None if the truth is not known."""
        return None if self.truth is None else self.truth == self.label


def make_row(
    key: str, probabilities: NDArray[Any], classes: Sequence[str], truth: Mapping[str, str]
) -> Row:
    """Keep the five most probable classes of an image."""
    best = np.argsort(-probabilities, kind="stable")[:BEST]
    guesses = tuple(Guess(classes[i], float(probabilities[i])) for i in best)
    return Row(key, guesses, truth.get(key))


def columns(classes: int, *, with_truth: bool) -> list[str]:
    """The header of predictions.csv."""
    others = range(2, min(BEST, classes) + 1)
    ranks = [name for rank in others for name in (f"label_{rank}", f"probability_{rank}")]
    return ["file", "label", "probability", *ranks, *(["truth", "correct"] if with_truth else [])]


def cells(row: Row, *, with_truth: bool) -> list[Any]:
    """A row of predictions.csv: probabilities with six decimals, truth empty where unknown."""
    guesses = [cell for g in row.guesses for cell in (g.label, written(g.probability))]
    if not with_truth:
        return [row.file, *guesses]
    correct = "" if row.correct is None else str(row.correct).lower()
    return [row.file, *guesses, row.truth or "", correct]

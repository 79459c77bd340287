"""Top-k accuracy and confusion in numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BEST = 5


@dataclass(frozen=True)
class Scores:
    """A split's figures. `confusion[true, predicted]` counts images."""

    images: int
    top1: float
    top5: float
    confusion: NDArray[np.int64]

    def class_images(self, label: int) -> int:
        """How many images the class has."""
        return int(self.confusion[label].sum())

    def class_top1(self, label: int) -> float | None:
        """The share of the class's images that were recognised; None without images."""
        images = self.class_images(label)
        return float(self.confusion[label, label]) / images if images else None


def score(probabilities: NDArray[Any], labels: NDArray[np.int64]) -> Scores:
    """Compare probabilities (images x classes) with labels (images, from 0).

    A tie goes to the lower label. With fewer than five classes, top-5 looks at all of them.
    """
    images, classes = probabilities.shape
    order = np.argsort(-probabilities, axis=1, kind="stable")
    first = order[:, 0]
    among = (order[:, :BEST] == labels[:, None]).any(axis=1)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, first), 1)
    return Scores(images, float((first == labels).mean()), float(among.mean()), confusion)

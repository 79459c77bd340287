"""Top-k accuracy and confusion in numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BEST = 5
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Scores:
    """A split's figures. `confusion[true, predicted]` counts images.

    `calibration_error` is the expected calibration error: how far, on average, a first guess's
    probability is from the share of such guesses that are right (Guo et al. 2017,
    arXiv:1706.04599, with 15 bins of equal width).
    """

    images: int
    top1: float
    top5: float
    calibration_error: float
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
    right = first == labels
    error = expected_calibration_error(probabilities.max(axis=1), right)
    return Scores(images, float(right.mean()), float(among.mean()), error, confusion)


def expected_calibration_error(confidence: NDArray[Any], right: NDArray[np.bool_]) -> float:
    """Return the mean distance of confidence (0..1) and accuracy over bins, by their images."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    surplus = np.bincount(bins, confidence - right, CALIBRATION_BINS)
    return float(np.abs(surplus).sum() / len(confidence))

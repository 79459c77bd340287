"""Metrics: top-1 and top-5 accuracy, calibration error and the confusion matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BEST = 5
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Scores:
    """The metrics of a split. `confusion[true, predicted]` is the number of images.

    `calibration_error` is the expected calibration error: the mean difference between the
    probability of the predicted class and the accuracy of predictions with that probability (Guo et
    al. 2017, arXiv:1706.04599, with 15 bins of equal width).
    """

    images: int
    top1: float
    top5: float
    calibration_error: float
    confusion: NDArray[np.int64]

    def class_images(self, label: int) -> int:
        """Return the number of images of a class."""
        return int(self.confusion[label].sum())

    def class_top1(self, label: int) -> float | None:
        """Return the top-1 accuracy of a class; None if it has no images."""
        images = self.class_images(label)
        return float(self.confusion[label, label]) / images if images else None


class Tally:
    """Sums over the predictions of a split, from which its metrics follow.

    Predictions are added in blocks, so that memory does not depend on their number; the confusion
    matrix takes 8 bytes for each pair of classes.

    Args:
        classes: The number of classes.
    """

    def __init__(self, classes: int) -> None:
        self.images = 0
        self._in_top5 = 0
        self._confusion = np.zeros((classes, classes), np.int64)
        self._overconfidence = np.zeros(CALIBRATION_BINS)

    def add(self, probabilities: NDArray[Any], labels: NDArray[np.int64]) -> None:
        """Add predictions; of equal probabilities, the lower label counts as higher.

        Args:
            probabilities: images x classes.
            labels: The true classes, from 0.
        """
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :BEST]
        first = order[:, 0]
        self.images += len(labels)
        self._in_top5 += int((order == labels[:, None]).any(axis=1).sum())
        np.add.at(self._confusion, (labels, first), 1)
        self._overconfidence += _overconfidence(probabilities.max(axis=1), first == labels)

    def scores(self) -> Scores:
        """Return the metrics of all predictions that were added, at least one."""
        right = int(np.trace(self._confusion))
        return Scores(
            images=self.images,
            top1=right / self.images,
            top5=self._in_top5 / self.images,
            calibration_error=float(np.abs(self._overconfidence).sum() / self.images),
            confusion=self._confusion,
        )


def score(probabilities: NDArray[Any], labels: NDArray[np.int64]) -> Scores:
    """Return the metrics of probabilities (images x classes) and labels (images, from 0).

    With fewer than five classes, top-5 includes all of them.
    """
    tally = Tally(probabilities.shape[1])
    tally.add(probabilities, labels)
    return tally.scores()


def remove_temperature(probabilities: NDArray[Any], temperature: float) -> NDArray[Any]:
    """Return the probabilities of the same network without temperature: softmax(logits).

    Args:
        probabilities: softmax(logits / temperature), images x classes.
        temperature: Above 0.
    """
    largest = probabilities.max(axis=1, keepdims=True)
    powers = (probabilities / np.maximum(largest, np.finfo(float).tiny)) ** temperature
    return np.asarray(powers / np.maximum(powers.sum(axis=1, keepdims=True), 1))


def expected_calibration_error(confidence: NDArray[Any], right: NDArray[np.bool_]) -> float:
    """Return the mean difference of confidence and accuracy in bins, weighted by images."""
    return float(np.abs(_overconfidence(confidence, right)).sum() / len(confidence))


def _overconfidence(confidence: NDArray[Any], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the sum of confidence minus accuracy in each bin."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    return np.bincount(bins, confidence - right, CALIBRATION_BINS).astype(np.float64)

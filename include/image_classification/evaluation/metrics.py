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


def score(probabilities: NDArray[Any], labels: NDArray[np.int64]) -> Scores:
    """Return the metrics of probabilities (images x classes) and labels (images, from 0).

    Of equal probabilities, the lower label counts as higher. With fewer than five classes, top-5
    includes all of them.
    """
    images, classes = probabilities.shape
    order = np.argsort(-probabilities, axis=1, kind="stable")
    first = order[:, 0]
    in_top5 = (order[:, :BEST] == labels[:, None]).any(axis=1)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, first), 1)
    right = first == labels
    error = expected_calibration_error(probabilities.max(axis=1), right)
    return Scores(images, float(right.mean()), float(in_top5.mean()), error, confusion)


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
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    differences = np.bincount(bins, confidence - right, CALIBRATION_BINS)
    return float(np.abs(differences).sum() / len(confidence))

"""Temperature scaling: fit one number that calibrates the probabilities of a network.

Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599.
"""

import numpy as np
from numpy.typing import NDArray

from include.image_classification.evaluation.metrics import expected_calibration_error
from include.image_classification.model.calibration import Calibration

Logits = NDArray[np.float64]
Labels = NDArray[np.int64]

LOWEST, HIGHEST = 0.05, 20.0
"""Temperatures outside this range mean that the images determine none."""

MINIMUM_IMAGES = 30
"""With fewer images, the temperature's standard error is above 20 % (simulated, 8 classes)."""

MAXIMUM_LOGITS = 4_000_000
"""With more logits, a fit takes longer but is no better: it determines one number."""

PRECISION = 1e-6
STEPS = 60


class LogitSample:
    """Logits and labels of validation images; of very many images a regular part.

    Not safe to use from two threads.
    """

    def __init__(self, maximum_logits: int = MAXIMUM_LOGITS) -> None:
        self._maximum = maximum_logits
        self._logits: list[NDArray[np.float32]] = []
        self._labels: list[NDArray[np.float32]] = []
        self._batches, self._interval = 0, 1

    def add(self, logits: NDArray[np.float32], labels: NDArray[np.float32], rows: int) -> None:
        """Add the first `rows` rows of a batch: logits (batch x classes) and class numbers."""
        if self._batches % self._interval == 0:
            self._logits.append(logits[:rows].copy())
            self._labels.append(labels[:rows].copy())
            if sum(array.size for array in self._logits) > self._maximum:
                del self._logits[1::2], self._labels[1::2]
                self._interval *= 2
        self._batches += 1

    def fit(self) -> Calibration:
        """Return the temperature that fits the images added so far, as `fit_temperature` does."""
        if not self._logits:
            return fit_temperature(np.zeros((0, 0)), np.zeros(0, np.int64))
        logits = np.concatenate(self._logits).astype(np.float64)
        return fit_temperature(logits, np.concatenate(self._labels).astype(np.int64))


def fit_temperature(logits: Logits, labels: Labels) -> Calibration:
    """Return the temperature that minimizes the cross-entropy of softmax(logits / temperature).

    If all images are classified correctly, any lower temperature fits them better. Then one further
    image with an unknown class is assumed, as in Laplace's rule of succession: among n images the
    mean confidence becomes about 1 - 1 / n.

    The temperature is 1, with the reason, if the images do not determine it, or if it would raise
    the cross-entropy.

    Args:
        logits: images x classes.
        labels: The class number of each image.
    """
    images = len(labels)
    if not images or not np.isfinite(logits).all():
        why = "some logits of validation images are not finite" if images else "no image"
        return Calibration(1.0, why, images)
    shifted = logits - logits.max(axis=1, keepdims=True)
    before, error_before = _figures(shifted, labels)
    reason = _why_undetermined(shifted, labels)
    temperature = _minimize(shifted, labels) if reason is None else 1.0
    after, error = _figures(shifted / temperature, labels)
    if reason is None and not (LOWEST < temperature < HIGHEST and after <= before):
        reason = f"no temperature from {LOWEST:g} to {HIGHEST:g} fits better"
    if reason is not None:
        temperature, after, error = 1.0, before, error_before
    return Calibration(temperature, reason, images, before, after, error_before, error)


def _why_undetermined(logits: Logits, labels: Labels) -> str | None:
    images = len(labels)
    if images < MINIMUM_IMAGES:
        return f"a temperature needs {MINIMUM_IMAGES} validation images or more, not {images}"
    if len(np.unique(labels)) == 1:
        return f"all {images} validation images have the same class"
    if not (logits.argmax(axis=1) == labels).any():
        return f"all {images} validation images are classified wrongly"
    return None


def _minimize(logits: Logits, labels: Labels) -> float:
    """Return the best temperature, or a bound if the best is not between the bounds.

    The cross-entropy is a convex function of the inverse temperature. The root of its derivative is
    found by Newton's method, and by bisection where a step would leave the bracket.
    """
    low, high = 1 / HIGHEST, 1 / LOWEST
    if _derivatives(logits, labels, low)[0] >= 0:
        return HIGHEST
    if _derivatives(logits, labels, high)[0] <= 0:
        return LOWEST
    inverse = 1.0
    for _ in range(STEPS):
        slope, curvature = _derivatives(logits, labels, inverse)
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        newton = inverse - slope / curvature if curvature > 0 else 0.0
        following = newton if low < newton < high else float(np.sqrt(low * high))
        if abs(np.log(following / inverse)) < PRECISION:
            break
        inverse = following
    return 1 / inverse


def _derivatives(logits: Logits, labels: Labels, inverse: float) -> tuple[float, float]:
    """Return the first and second derivative of the cross-entropy by the inverse temperature."""
    probabilities = _softmax(logits * inverse)
    mean = (probabilities * logits).sum(axis=1)
    true = logits[np.arange(len(labels)), labels].mean()
    if true == 0:  # all images are classified correctly
        true = logits.mean() / (len(labels) + 1)
    curvature = (probabilities * logits**2).sum(axis=1) - mean**2
    return float(mean.mean() - true), float(curvature.mean())


def _figures(logits: Logits, labels: Labels) -> tuple[float, float]:
    """Return the cross-entropy and the calibration error of softmax(logits)."""
    true = logits[np.arange(len(labels)), labels]
    cross_entropy = float((np.log(np.exp(logits).sum(axis=1)) - true).mean())
    probabilities = _softmax(logits)
    right = probabilities.argmax(axis=1) == labels
    return cross_entropy, expected_calibration_error(probabilities.max(axis=1), right)


def _softmax(logits: Logits) -> Logits:
    """Return the softmax of logits whose largest is 0 in each row."""
    powers = np.exp(logits)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))

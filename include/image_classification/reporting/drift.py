"""Drift detection: differences between a batch and the photos that the model was evaluated on.

There are two measures. Each has a p-value, the probability that two samples of the same
distribution differ as much:

- classes: the total variation distance of the predicted classes, from 0 (same distribution) to 1
  (no common class). The p-value is simulated, because most classes have few photos in a sample.
- confidence: the Kolmogorov-Smirnov distance of the predicted classes' probabilities, from 0 to 1.
  A model is usually less confident on unfamiliar inputs (Hendrycks and Gimpel 2017,
  arXiv:1610.02136).

The statistics are hand-written because the container image does not include SciPy.
"""

import csv
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.common.csv_cells import unescape_cell
from include.image_classification.container import CommandError
from include.image_classification.evaluation.predictions import format_probability

SIMULATIONS = 2000
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Predictions:
    """The predictions of a model on a set of images.

    Attributes:
        classes: The number of images by predicted class.
        confidence: The probability of the predicted class of each image.
    """

    classes: Mapping[str, int]
    confidence: Numbers


def read_reference(path: Path) -> Predictions | None:
    """Return the predictions in an evaluation's answers.csv; None if it is missing or empty.

    Raises:
        CommandError: The file is damaged.
    """
    if not path.is_file():
        return None
    classes: Counter[str] = Counter()
    confidence = array("d")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                classes[unescape_cell(row["predicted_name"])] += 1
                confidence.append(float(row["confidence"]))
    except (KeyError, ValueError) as error:
        raise CommandError(
            f"{path} is not a table of predictions: {error!r}; evaluate the model again"
        ) from None
    return Predictions(classes, np.frombuffer(confidence)) if confidence else None


def measure_drift(reference: Predictions, batch: Predictions) -> dict[str, Any]:
    """Compare a batch's predictions with those of the model's evaluation, with six decimals."""
    names = sorted(reference.classes.keys() | batch.classes.keys())
    expected_counts, counts = _counts(reference, names), _counts(batch, names)
    expected, confidence = _rounded(reference.confidence), _rounded(batch.confidence)
    return {
        "images": len(batch.confidence),
        "reference_images": len(reference.confidence),
        "classes": _compare_classes(expected_counts, counts),
        "confidence": {
            **_compare_confidence(expected, confidence),
            "mean": float(confidence.mean()),
            "reference_mean": float(expected.mean()),
        },
    }


def _rounded(confidence: Numbers) -> Numbers:
    numbers = (float(format_probability(number)) for number in confidence)
    return np.fromiter(numbers, np.float64, len(confidence))


def _counts(predictions: Predictions, names: Sequence[str]) -> Numbers:
    return np.array([predictions.classes.get(name, 0) for name in names], np.float64)


def _compare_classes(before: Numbers, now: Numbers) -> dict[str, float]:
    distance = _total_variation(before, now)
    random = np.random.default_rng(0)  # the same batch gets the same p-value
    together = (before + now) / (before + now).sum()
    simulated = [
        _total_variation(
            random.multinomial(int(before.sum()), together),
            random.multinomial(int(now.sum()), together),
        )
        for _ in range(SIMULATIONS)
    ]
    exceeding = sum(value >= distance for value in simulated)
    return {"distance": distance, "p": (1 + exceeding) / (1 + SIMULATIONS)}


def _total_variation(before: NDArray[Any], now: NDArray[Any]) -> float:
    return float(np.abs(before / before.sum() - now / now.sum()).sum() / 2)


def _compare_confidence(before: Numbers, now: Numbers) -> dict[str, float]:
    """Return the maximum distance of the cumulative distributions and its asymptotic p-value."""
    values = np.concatenate([before, now])
    share_before = np.searchsorted(np.sort(before), values, side="right") / len(before)
    share_now = np.searchsorted(np.sort(now), values, side="right") / len(now)
    distance = float(np.abs(share_before - share_now).max())
    scale = np.sqrt(len(before) * len(now) / (len(before) + len(now)))
    return {"distance": distance, "p": _kolmogorov(float(scale) * distance)}


def _kolmogorov(x: float) -> float:
    """Return the upper tail of the Kolmogorov distribution (Kolmogorov 1933)."""
    if x < 0.2:  # the series converges slowly, and the result is 1 in all relevant digits
        return 1.0
    terms = np.arange(1, 101)
    return float(np.clip(2 * ((-1.0) ** (terms - 1) * np.exp(-2 * terms**2 * x**2)).sum(), 0, 1))

"""How far a batch is from the photos that its model was judged on.

Two figures, each with the chance that two samples of one kind of photos differ as much:

- classes: the total variation distance of the predicted classes, 0 (the same mix) to 1 (no class in
  common); its chance is simulated, since most classes have few photos in either sample.
- confidence: the Kolmogorov-Smirnov distance of the first guesses' probabilities, 0 to 1. A model
  that meets what it has not learnt is usually less certain (Hendrycks and Gimpel 2017,
  arXiv:1610.02136).
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.common.csv_cells import restore
from include.image_classification.container import ProgramError
from include.image_classification.evaluation.predictions import written

SIMULATIONS = 2000
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """First guesses of one model: the classes' names, and their probabilities."""

    labels: Sequence[str]
    confidence: Numbers


def read_reference(path: Path) -> Answers | None:
    """Return the answers of an evaluation's answers.csv, or None where there is no such file.

    Raises:
        ProgramError: It is no such table.
    """
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [
                (restore(row["predicted_name"]), float(row["confidence"]))
                for row in csv.DictReader(file)
            ]
    except (KeyError, ValueError) as error:
        raise ProgramError(f"{path} is no table of answers: {error!r}") from None
    if not rows:
        return None
    return Answers([name for name, _ in rows], np.array([number for _, number in rows]))


def drift(reference: Answers, batch: Answers) -> dict[str, Any]:
    """Compare a batch's answers with those of the model's evaluation, to the decimals of tables."""
    names = sorted({*reference.labels, *batch.labels})
    before, now = _counts(reference.labels, names), _counts(batch.labels, names)
    expected, confidence = _as_written(reference.confidence), _as_written(batch.confidence)
    return {
        "images": len(batch.labels),
        "reference_images": len(reference.labels),
        "classes": _mix(before, now),
        "confidence": {
            **_shift(expected, confidence),
            "mean": float(confidence.mean()),
            "reference_mean": float(expected.mean()),
        },
    }


def _as_written(confidence: Numbers) -> Numbers:
    return np.array([float(written(each)) for each in confidence])


def _counts(labels: Sequence[str], names: Sequence[str]) -> Numbers:
    counts: Mapping[str, int] = Counter(labels)
    return np.array([counts.get(name, 0) for name in names], np.float64)


def _mix(before: Numbers, now: Numbers) -> dict[str, float]:
    found = _total_variation(before, now)
    random = np.random.default_rng(0)  # the same batch gets the same figure
    together = (before + now) / (before + now).sum()
    simulated = [
        _total_variation(
            random.multinomial(int(before.sum()), together),
            random.multinomial(int(now.sum()), together),
        )
        for _ in range(SIMULATIONS)
    ]
    as_far = sum(each >= found for each in simulated)
    return {"distance": found, "p": (1 + as_far) / (1 + SIMULATIONS)}


def _total_variation(before: NDArray[Any], now: NDArray[Any]) -> float:
    return float(np.abs(before / before.sum() - now / now.sum()).sum() / 2)


def _shift(before: Numbers, now: Numbers) -> dict[str, float]:
    """The largest distance of the two cumulative distributions, and its asymptotic chance."""
    at = np.concatenate([before, now])
    share_before = np.searchsorted(np.sort(before), at, side="right") / len(before)
    share_now = np.searchsorted(np.sort(now), at, side="right") / len(now)
    distance = float(np.abs(share_before - share_now).max())
    scale = np.sqrt(len(before) * len(now) / (len(before) + len(now)))
    return {"distance": distance, "p": _kolmogorov(float(scale) * distance)}


def _kolmogorov(x: float) -> float:
    """The upper tail of Kolmogorov's distribution (Kolmogorov 1933)."""
    if x < 0.2:  # the series converges slowly there, and the tail is 1 in all digits that matter
        return 1.0
    terms = np.arange(1, 101)
    return float(np.clip(2 * ((-1.0) ** (terms - 1) * np.exp(-2 * terms**2 * x**2)).sum(), 0, 1))

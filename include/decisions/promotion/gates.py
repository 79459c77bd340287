"""The limits that a candidate must keep, one by one, each with its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from include.config.sections.promotion import Promotion
from include.decisions.promotion.majority import MajorityComparison
from include.decisions.promotion.paired_predictions import PairedPredictions

GAIN = "gain in top-1 over the champion"


@dataclass(frozen=True)
class Gate:
    """One figure and its limit.

    Attributes:
        metric: What was measured.
        value: The figure; None where it is missing, which fails.
        limit: Whether `threshold` must be reached, exceeded, or not be exceeded.
        threshold: The pipeline's limit.
    """

    metric: str
    value: float | None
    limit: Literal["at least", "more than", "at most"]
    threshold: float

    @property
    def margin(self) -> float | None:
        """How far the figure is on the good side of the limit; below 0 on the other."""
        if self.value is None:
            return None
        return (self.value - self.threshold) * (-1 if self.limit == "at most" else 1)

    @property
    def passed(self) -> bool:
        """Whether the limit is kept."""
        if self.margin is None:
            return False
        return self.margin > 0 if self.limit == "more than" else self.margin >= 0

    def __str__(self) -> str:
        needed = f"{self.limit} {self.threshold:.4g}"
        if self.value is None:
            return f"{self.metric} is missing, and {needed} is needed"
        return f"{self.metric} is {self.value:.4g}, {needed} is needed"

    def as_dict(self) -> dict[str, Any]:
        """Return the gate as JSON holds it, with its margin and verdict."""
        return {**asdict(self), "margin": self.margin, "passed": self.passed}


def floor_gates(promotion: Promotion, evaluation: Mapping[str, Any]) -> Iterator[Gate]:
    """Yield the gates that a candidate passes or not by its own figures.

    Args:
        promotion: The pipeline's limits; what it does not limit has no gate.
        evaluation: The candidate's evaluation.json.
    """
    yield Gate("top-1", evaluation.get("top1"), "at least", promotion.minimum_top1)
    if promotion.minimum_top5:
        yield Gate("top-5", evaluation.get("top5"), "at least", promotion.minimum_top5)
    most = promotion.maximum_calibration_error
    if most is not None:
        error = evaluation.get("calibration_error")
        yield Gate("expected calibration error", error, "at most", most)
    yield from _class_floors(promotion, evaluation)


def majority_gates(promotion: Promotion, compared: MajorityComparison | None) -> Iterator[Gate]:
    """Yield the gates that a candidate passes or not beside the most frequent class.

    Every candidate has to: one that answers the same class for every image may have a good top-1.

    Args:
        promotion: The pipeline's limits.
        compared: The comparison; None where the classes' images are missing, which fails.
    """
    gain = compared.gain if compared else None
    p_value = compared.p_value if compared else None
    yield Gate("gain in top-1 over the most frequent class", gain, "more than", 0.0)
    yield Gate("p against the most frequent class", p_value, "at most", promotion.significance)


def champion_gates(
    promotion: Promotion, paired: PairedPredictions | None, newer: bool
) -> Iterator[Gate]:
    """Yield the gates that a candidate passes or not beside the champion.

    On the same data it must be better by more than chance; with newer data it may be as good, less
    the margin: a champion that never sees new photos grows stale.

    Args:
        promotion: The pipeline's limits.
        paired: Both models' answers; None where they could not be compared, which fails.
        newer: Whether the candidate was trained on newer data than the champion.
    """
    gain = paired.gain if paired else None
    if newer:
        yield Gate(GAIN, gain, "at least", 0 - promotion.margin)
        return
    yield Gate(GAIN, gain, "more than", 0.0)
    p_value = paired.p_value if paired else None
    yield Gate("p of McNemar's test", p_value, "at most", promotion.significance)


def _class_floors(promotion: Promotion, evaluation: Mapping[str, Any]) -> Iterator[Gate]:
    top1 = {each["name"]: each.get("top1") for each in evaluation.get("per_class", [])}
    named = promotion.class_floors
    for name, floor in named.items():
        yield Gate(f"top-1 of class {name}", top1.get(name), "at least", floor)
    if promotion.class_floor is None:
        return
    if not top1:
        yield Gate("top-1 of each class", None, "at least", promotion.class_floor)
    for name in sorted(top1.keys() - named.keys()):
        yield Gate(f"top-1 of class {name}", top1[name], "at least", promotion.class_floor)

"""Promotion gates: the limits that a candidate must pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from include.config.sections.promotion import Promotion
from include.contracts.records import EvaluationReport, GateResult
from include.decisions.promotion.majority import MajorityComparison
from include.decisions.promotion.paired_predictions import PairedPredictions

GAIN = "gain in top-1 over the champion"


@dataclass(frozen=True)
class Gate:
    """A figure and its limit.

    Attributes:
        metric: The name of the figure.
        value: The figure; None if it is missing, which fails the gate.
        limit: How the value is compared with the threshold.
        threshold: The pipeline's limit.
        favors: Whether a p value is that of a difference in the candidate's favor. A significantly
            worse candidate has a small p value, too, and does not pass.
    """

    metric: str
    value: float | None
    limit: Literal["at least", "more than", "at most"]
    threshold: float
    favors: bool = True

    @property
    def margin(self) -> float | None:
        """The distance from the threshold: positive if the value is better, negative if worse."""
        if self.value is None:
            return None
        return (self.value - self.threshold) * (-1 if self.limit == "at most" else 1)

    @property
    def passed(self) -> bool:
        """Whether the value keeps the limit."""
        if self.margin is None or not self.favors:
            return False
        return self.margin > 0 if self.limit == "more than" else self.margin >= 0

    def __str__(self) -> str:
        needed = f"{self.limit} {self.threshold:.4g}"
        if self.value is None:
            return f"{self.metric} is missing, and {needed} is needed"
        against = "" if self.favors else " in the candidate's favor"
        return f"{self.metric} is {self.value:.4g}, {needed}{against} is needed"

    def result(self) -> GateResult:
        """Return the gate for verdict.json, with its margin and whether it passed."""
        figures = {name: value for name, value in asdict(self).items() if name != "favors"}
        return GateResult(**figures, margin=self.margin, passed=self.passed)


def floor_gates(promotion: Promotion, evaluation: EvaluationReport) -> Iterator[Gate]:
    """Yield the gates on the candidate's own figures.

    Args:
        promotion: The pipeline's limits; a figure without a limit has no gate.
        evaluation: The candidate's evaluation.json.
    """
    yield Gate("top-1", evaluation.top1, "at least", promotion.minimum_top1)
    if promotion.minimum_top5:
        yield Gate("top-5", evaluation.top5, "at least", promotion.minimum_top5)
    maximum = promotion.maximum_calibration_error
    if maximum is not None:
        error = evaluation.calibration_error
        yield Gate("expected calibration error", error, "at most", maximum)
    yield from _class_floors(promotion, evaluation)


def majority_gates(promotion: Promotion, compared: MajorityComparison | None) -> Iterator[Gate]:
    """Yield the gates on the comparison with the most frequent class.

    Every candidate has these gates, because a model that predicts the same class for every image
    may have a high top-1.

    Args:
        promotion: The pipeline's limits.
        compared: The comparison; None if the evaluation lacks the classes' images, which fails.
    """
    gain = compared.gain if compared else None
    p_value = compared.p_value if compared else None
    yield Gate("gain in top-1 over the most frequent class", gain, "more than", 0.0)
    limit = promotion.significance
    favors = gain is None or gain > 0
    yield Gate("p against the most frequent class", p_value, "at most", limit, favors)


def champion_gates(
    promotion: Promotion, paired: PairedPredictions | None, newer: bool
) -> Iterator[Gate]:
    """Yield the gates on the comparison with the champion.

    On the same data the candidate must be significantly better. With newer data it may be worse by
    `promotion.margin`, because a champion that never sees new photos becomes outdated.

    Args:
        promotion: The pipeline's limits.
        paired: The comparison of predictions; None if there is none, which fails.
        newer: Whether the candidate was trained on newer data than the champion.
    """
    gain = paired.gain if paired else None
    if newer:
        yield Gate(GAIN, gain, "at least", 0 - promotion.margin)
        return
    yield Gate(GAIN, gain, "more than", 0.0)
    p_value = paired.p_value if paired else None
    favors = gain is None or gain > 0
    yield Gate("p of McNemar's test", p_value, "at most", promotion.significance, favors)


def _class_floors(promotion: Promotion, evaluation: EvaluationReport) -> Iterator[Gate]:
    top1 = {scores.name: scores.top1 for scores in evaluation.per_class}
    floors = promotion.class_floors
    for name, floor in floors.items():
        yield Gate(f"top-1 of class {name}", top1.get(name), "at least", floor)
    if promotion.class_floor is None:
        return
    if not top1:
        yield Gate("top-1 of each class", None, "at least", promotion.class_floor)
    for name in sorted(top1.keys() - floors.keys()):
        yield Gate(f"top-1 of class {name}", top1[name], "at least", promotion.class_floor)

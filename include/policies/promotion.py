"""Promote the candidate or keep the champion, with the figures that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from include.pipeline.stages import Promotion
from include.policies.common_images import CommonFigures
from include.policies.decision import Decision
from include.policies.registry import Package

APPROVALS = {
    "promote": "Approved",
    "keep": "Rejected",
    "await approval": "PendingManualApproval",
}
"""What each verdict is called on the model package."""


@dataclass(frozen=True)
class Verdict:
    """What happens to a candidate, and why."""

    verdict: Literal["promote", "keep", "await approval"]
    reason: str
    top1: float
    top5: float
    split: str
    images: int
    champion_top1: float | None

    @property
    def approval(self) -> str:
        """The model package's approval status."""
        return APPROVALS[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON holds it."""
        return asdict(self)


def judge(
    promotion: Promotion,
    evaluation: Mapping[str, Any],
    champion: Package | None,
    common: CommonFigures | None = None,
) -> Verdict:
    """Compare a candidate with the champion.

    The candidate must reach the pipeline's minimum, and beat the champion's top-1 accuracy by more
    than the margin.

    Args:
        promotion: The pipeline's rules.
        evaluation: The candidate's evaluation.json.
        champion: The package that serves, or None where nothing serves.
        common: Both models' figures on the images that both were asked; needed where they were
            evaluated on different dataset versions, else the two evaluations are compared.
    """
    top1, top5 = float(evaluation["top1"]), float(evaluation["top5"])
    champion_top1 = common.champion_top1 if common else _top1(champion)
    good, reason = _compare(promotion, evaluation, champion, common)
    verdict: Literal["promote", "keep", "await approval"] = "promote" if good else "keep"
    if good and promotion.approval == "manual":
        verdict = "await approval"
        reason = f"{reason}; a person approves this pipeline's models"
    split, images = evaluation["split"], int(evaluation["images"])
    return Verdict(verdict, reason, top1, top5, split, images, champion_top1)


def decide_announcement(verdict: str, reason: str) -> Decision:
    """Decide whether to wake endpoint update: only for a model that may serve."""
    return Decision(verdict == "promote", f"{verdict}: {reason}")


def _top1(champion: Package | None) -> float | None:
    if champion is None or "top1" not in champion.metadata:
        return None
    return float(champion.metadata["top1"])


def _compare(
    promotion: Promotion,
    evaluation: Mapping[str, Any],
    champion: Package | None,
    common: CommonFigures | None,
) -> tuple[bool, str]:
    top1 = float(evaluation["top1"])
    if top1 < promotion.minimum_top1:
        return False, f"top-1 {top1:.4f} is below the minimum of {promotion.minimum_top1:.4f}"
    if champion is None:
        return True, f"top-1 {top1:.4f}, and nothing serves yet"
    mine, theirs = (common.candidate_top1, common.champion_top1) if common else (top1, None)
    theirs = _top1(champion) if theirs is None else theirs
    if theirs is None:
        return True, f"top-1 {top1:.4f}, and the champion's was never measured"
    gain = mine - theirs
    beats = gain > promotion.margin
    reason = (
        f"top-1 {mine:.4f} against the champion's {theirs:.4f} is a gain of {gain:+.4f}, "
        f"{'more' if beats else 'not more'} than the margin of {promotion.margin:.4f}"
        f"{_which_data(evaluation, champion, common)}"
    )
    return beats, reason


def _which_data(
    evaluation: Mapping[str, Any], champion: Package, common: CommonFigures | None
) -> str:
    if common:
        return f" - on the {common.images} images that both were asked"
    mine, theirs = evaluation["dataset_version"], champion.metadata.get("dataset_version")
    if theirs not in {None, mine}:
        return f" - measured on dataset {mine}, the champion on {theirs}"
    mine, theirs = evaluation["split"], champion.metadata.get("split")
    if theirs not in {None, mine}:
        return f" - measured on the {mine} split, the champion on {theirs}"
    return ""

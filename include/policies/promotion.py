"""Promote the candidate or keep the champion, with the figures that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from include.pipeline.stages import Promotion
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
    images: int
    champion_top1: float | None

    @property
    def approval(self) -> str:
        """The model package's approval status."""
        return APPROVALS[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON holds it."""
        return asdict(self)


def judge(promotion: Promotion, evaluation: Mapping[str, Any], champion: Package | None) -> Verdict:
    """Compare a candidate with the champion.

    The candidate must reach the pipeline's minimum and beat the champion's top-1 accuracy by
    more than the margin. Where the two were measured on different dataset versions, the reason
    says so: later versions keep every earlier image's split, so the figures stay comparable.

    Args:
        promotion: The pipeline's rules.
        evaluation: The candidate's evaluation.json.
        champion: The package that serves, or None where nothing serves.
    """
    top1, top5 = float(evaluation["top1"]), float(evaluation["top5"])
    champion_top1 = _top1(champion)
    good, reason = _compare(promotion, evaluation, champion, champion_top1)
    verdict: Literal["promote", "keep", "await approval"] = "promote" if good else "keep"
    if good and promotion.approval == "manual":
        verdict = "await approval"
        reason = f"{reason}; a person approves this pipeline's models"
    return Verdict(verdict, reason, top1, top5, int(evaluation["images"]), champion_top1)


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
    champion_top1: float | None,
) -> tuple[bool, str]:
    top1 = float(evaluation["top1"])
    if top1 < promotion.minimum_top1:
        return False, f"top-1 {top1:.4f} is below the minimum of {promotion.minimum_top1:.4f}"
    if champion is None:
        return True, f"top-1 {top1:.4f}, and nothing serves yet"
    if champion_top1 is None:
        return True, f"top-1 {top1:.4f}, and the champion's was never measured"
    gain = top1 - champion_top1
    beats = gain > promotion.margin
    reason = (
        f"top-1 {top1:.4f} against the champion's {champion_top1:.4f} "
        f"is a gain of {gain:+.4f}, {'more' if beats else 'not more'} than the margin of "
        f"{promotion.margin:.4f}{_other_data(evaluation, champion)}"
    )
    return beats, reason


def _other_data(evaluation: Mapping[str, Any], champion: Package) -> str:
    mine, theirs = evaluation["dataset_version"], champion.metadata.get("dataset_version")
    if theirs in {None, mine}:
        return ""
    return f" - measured on dataset {mine}, the champion on {theirs}"

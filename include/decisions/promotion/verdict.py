"""Promote the candidate or keep the champion, with the figures that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from include.config.sections.promotion import Promotion
from include.decisions.decision import Decision
from include.decisions.promotion.freshness import Freshness
from include.decisions.promotion.gates import Gate, champion_gates, floor_gates, majority_gates
from include.decisions.promotion.majority import compare_with_majority, split_size_problem
from include.decisions.promotion.paired_predictions import PairedPredictions
from include.decisions.registry.packages import Package

APPROVALS = {
    "promote": "Approved",
    "keep": "Rejected",
    "await approval": "PendingManualApproval",
}
"""What each verdict is called on the model package."""

NAMED = 3
"""How many gates that failed a reason names: the record has all of them."""


@dataclass(frozen=True)
class Verdict:
    """What happens to a candidate, and why."""

    verdict: Literal["promote", "keep", "await approval"]
    reason: str
    evaluation: Mapping[str, Any]
    paired: PairedPredictions | None
    gates: Sequence[Gate]
    freshness: Freshness | None

    @property
    def approval(self) -> str:
        """The model package's approval status."""
        return APPROVALS[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON holds it."""
        judged = ("top1", "top5", "calibration_error", "split", "images")
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            **{name: self.evaluation.get(name) for name in judged},
            **(_figures(self.paired) if self.paired else {}),
            **({"rule": str(self.freshness)} if self.freshness else {}),
            "gates": [gate.as_dict() for gate in self.gates],
        }


def judge(
    promotion: Promotion,
    evaluation: Mapping[str, Any],
    champion: Package | None,
    paired: PairedPredictions | None = None,
    freshness: Freshness | None = None,
) -> Verdict:
    """Hold a candidate against the pipeline's limits and against the champion.

    Args:
        promotion: The pipeline's rules.
        evaluation: The candidate's evaluation.json.
        champion: What `choose_champion` returned: None where there is nothing to compare with.
        paired: Both models' answers on the images that both were asked.
        freshness: Whether the candidate knows newer data than the champion; None counts as no.
    """
    compared = compare_with_majority(evaluation)
    gates = [*floor_gates(promotion, evaluation), *majority_gates(promotion, compared)]
    if champion is not None:
        newer = freshness is not None and freshness.newer
        gates += champion_gates(promotion, paired, newer)
    failed = [gate for gate in gates if not gate.passed]
    verdict: Literal["promote", "keep", "await approval"] = "keep" if failed else "promote"
    reason = _why_not(failed) if failed else f"top-1 {evaluation['top1']:.4f} keeps all limits"
    small = compared and split_size_problem(
        compared, promotion.significance, evaluation.get("split", "test")
    )
    reason = f"{small}; {reason}" if small else reason
    reason = f"{reason}; {_beside(champion, paired)}" + (f"; {freshness}" if freshness else "")
    if not failed and promotion.approval != "automatic":
        verdict = "await approval"
        reason = f"{reason}; a person approves this pipeline's models"
    return Verdict(verdict, reason, evaluation, paired, gates, freshness)


def decide_announcement(verdict: str, reason: str) -> Decision:
    """Decide whether to wake endpoint update: only for a model that may serve."""
    return Decision(verdict == "promote", f"{verdict}: {reason}")


def _why_not(failed: Sequence[Gate]) -> str:
    more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    return ", ".join(map(str, failed[:NAMED])) + more


def _beside(champion: Package | None, paired: PairedPredictions | None) -> str:
    if champion is None:
        return "no model serves and none is approved, to compare with"
    if paired is None:
        return (
            f"champion {champion.version} left no answers on photos that this one was asked, too: "
            "approve this package in the registry if it shall serve"
        )
    left_out = len(paired.left_out)
    return (
        f"{paired.candidate_top1:.4f} against champion {champion.version}'s "
        f"{paired.champion_top1:.4f} on {paired.images} images that both were asked, "
        f"{paired.candidate_only} right by it alone and {paired.champion_only} by the champion "
        f"alone (p {paired.p_value:.3g})"
        + (f", without {left_out} classes that only one of them was asked" if left_out else "")
    )


def _figures(paired: PairedPredictions) -> dict[str, Any]:
    return {
        "compared_images": paired.images,
        "compared_top1": paired.candidate_top1,
        "champion_top1": paired.champion_top1,
        "gain": paired.gain,
        "p_value": paired.p_value,
        "classes_left_out": list(paired.left_out),
    }

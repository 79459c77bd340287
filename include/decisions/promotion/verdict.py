"""Verdict on a candidate: promote it, keep the champion, or await approval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from include.config.sections.promotion import Promotion
from include.contracts.records import EvaluationReport, VerdictRecord
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
"""The model package's approval status for each verdict."""

MAX_FAILED_GATES = 3
"""The number of failed gates in a reason; verdict.json has all of them."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on a candidate.

    Attributes:
        verdict: Whether the candidate is promoted, kept back, or waits for approval.
        reason: The reason with its figures.
        evaluation: The candidate's evaluation.json.
        paired: The comparison with the champion's predictions, or None.
        gates: All gates, passed or failed.
        freshness: Whether the candidate was trained on newer data; None without a champion.
    """

    verdict: Literal["promote", "keep", "await approval"]
    reason: str
    evaluation: EvaluationReport
    paired: PairedPredictions | None
    gates: Sequence[Gate]
    freshness: Freshness | None

    @property
    def approval(self) -> str:
        """The model package's approval status."""
        return APPROVALS[self.verdict]

    def record(self) -> VerdictRecord:
        """Return the content of verdict.json."""
        known: dict[str, Any] = _figures(self.paired) if self.paired else {}
        if self.freshness:
            known["rule"] = str(self.freshness)
        return VerdictRecord(
            verdict=self.verdict,
            reason=self.reason,
            top1=self.evaluation.top1,
            top5=self.evaluation.top5,
            calibration_error=self.evaluation.calibration_error,
            split=self.evaluation.split,
            images=self.evaluation.images,
            gates=[gate.result() for gate in self.gates],
            **known,
        )


def judge(
    promotion: Promotion,
    evaluation: EvaluationReport,
    champion: Package | None,
    paired: PairedPredictions | None = None,
    freshness: Freshness | None = None,
) -> Verdict:
    """Compare a candidate with the pipeline's limits and with the champion.

    Args:
        promotion: The pipeline's section `promotion`.
        evaluation: The candidate's evaluation.json.
        champion: The champion's package, from `choose_champion`, or None.
        paired: The comparison of both models' predictions, or None.
        freshness: Whether the candidate was trained on newer data; None counts as no.
    """
    compared = compare_with_majority(evaluation)
    gates = [*floor_gates(promotion, evaluation), *majority_gates(promotion, compared)]
    if champion is not None:
        newer = freshness is not None and freshness.newer
        gates += champion_gates(promotion, paired, newer)
    failed = [gate for gate in gates if not gate.passed]
    verdict: Literal["promote", "keep", "await approval"] = "keep" if failed else "promote"
    reason = _why_not(failed) if failed else f"top-1 {evaluation.top1:.4f} keeps all limits"
    small = compared and split_size_problem(
        compared, promotion.significance, evaluation.split or "test"
    )
    reason = f"{small}; {reason}" if small else reason
    reason = f"{reason}; {_comparison(champion, paired)}" + (f"; {freshness}" if freshness else "")
    if not failed and promotion.approval != "automatic":
        verdict = "await approval"
        reason = f"{reason}; promotion.approval requires a user's approval"
    return Verdict(verdict, reason, evaluation, paired, gates, freshness)


def decide_announcement(verdict: str, reason: str) -> Decision:
    """Decide whether to trigger endpoint update: only for a promoted model."""
    return Decision(verdict == "promote", f"{verdict}: {reason}")


def _why_not(failed: Sequence[Gate]) -> str:
    further = len(failed) - MAX_FAILED_GATES
    more = f" and {further} more" if further > 0 else ""
    return ", ".join(map(str, failed[:MAX_FAILED_GATES])) + more


def _comparison(champion: Package | None, paired: PairedPredictions | None) -> str:
    if champion is None:
        return "there is no champion to compare with: no model serves and none is approved"
    if paired is None:
        return (
            f"champion {champion.version} has no predictions for the candidate's photos: to deploy "
            "this package, approve it in the registry"
        )
    left_out = len(paired.left_out)
    return (
        f"{paired.candidate_top1:.4f} against champion {champion.version}'s "
        f"{paired.champion_top1:.4f} on {paired.images} images that both predicted, "
        f"{paired.candidate_only} right by the candidate only and {paired.champion_only} by the "
        f"champion only (p {paired.p_value:.3g})"
        + (f", without {left_out} classes that only one of the splits has" if left_out else "")
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

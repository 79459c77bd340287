"""The last nightly run: trained, skipped, kept back or failed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.contracts.records import TrainingDecision
from model_page.reading.models.registry import PackageView
from model_page.reading.overview import Overview
from model_page.reading.runs import UNFINISHED, RunView, latest_of

CLOCK_DIFFERENCE = timedelta(minutes=2)
"""Between Airflow's database and a worker that writes a record."""


@dataclass(frozen=True)
class LastRun:
    """The outcome of the last run of nightly training.

    Attributes:
        tone: See `overview.TONES`.
        outcome: "promoted", "kept back", "waits for approval", "skipped", "failed", "runs".
        reason: Why, with figures.
        run: The run, or None if there is none yet.
        package: The candidate that it registered, or None.
        decision: What it decided before the training, or None.
    """

    tone: str
    outcome: str
    reason: str
    run: RunView | None
    package: PackageView | None
    decision: TrainingDecision | None


OUTCOMES = {
    "promote": ("good", "trained and promoted"),
    "keep": ("fair", "trained, kept back"),
    "await approval": ("ask", "trained, waits for approval"),
}


def read_last_run(overview: Overview, runs: Sequence[RunView]) -> LastRun:
    """Return the outcome of the last run of nightly training, from what the page has read."""
    run, decision = latest_of(runs, "nightly_training"), overview.decision.value
    packages = overview.packages.value.packages if overview.packages.value else []
    newest = packages[0] if packages else None
    if run is None:
        return _without_run(decision, newest)
    if run.state in UNFINISHED:
        return LastRun("busy", "runs", _reason(run, decision), run, None, decision)
    package = newest if newest and _within(newest.created, run) else None
    if run.state == "failed":
        return LastRun("bad", "failed", "see the failed task's log", run, package, decision)
    if package is not None:
        return _judged(package, run, decision)
    reason = _reason(run, decision) or "the run registered no candidate; see its log"
    trained = decision is not None and decision.trains and reason == decision.reason
    # The candidate of a repeated training is in the registry already.
    outcome = "registered no new candidate" if trained else "trained nothing"
    return LastRun("idle", outcome, reason, run, None, decision)


def _without_run(decision: TrainingDecision | None, newest: PackageView | None) -> LastRun:
    """Return what S3 and the registry know, if Airflow has no run or deleted it."""
    if newest is not None:
        return _judged(newest, None, decision)
    if decision is not None and not decision.trains:
        return LastRun("idle", "trained nothing", decision.reason, None, None, decision)
    return LastRun("idle", "no run yet", "", None, None, decision)


def _judged(
    package: PackageView, run: RunView | None, decision: TrainingDecision | None
) -> LastRun:
    verdict = package.facts.get("verdict", "")
    tone, outcome = OUTCOMES.get(verdict, ("idle", "trained"))
    reason = package.facts.get("reason") or package.why
    if verdict == "await approval" and package.approval != "PendingManualApproval":
        approved = package.approval == "Approved"
        tone, outcome = ("good", "approved") if approved else ("fair", "rejected")
        reason = package.why or reason
    return LastRun(tone, outcome, reason, run, package, decision)


def _reason(run: RunView, decision: TrainingDecision | None) -> str:
    """Return the decision's reason, if it is of this run."""
    if decision is None:
        return ""
    try:
        decided = datetime.fromisoformat(decision.decided)
    except ValueError:
        return ""
    return decision.reason if _within(decided, run) else ""


def _within(moment: datetime, run: RunView) -> bool:
    after = run.started is None or moment >= run.started - CLOCK_DIFFERENCE
    before = run.ended is None or moment <= run.ended + CLOCK_DIFFERENCE
    return after and before

"""What a person is asked before a model serves, with the figures that the answer rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.decisions.decision import Decision

APPROVE, REJECT = "Approve", "Reject"
"""What a person may answer."""


def decide_question(approval: str, verdict: str, reason: str) -> Decision:
    """Decide whether a run asks a person: only about a model that passed all limits.

    Args:
        approval: The running deployment's `promotion.approval`.
        verdict: The candidate's.
        reason: Why it has that verdict.
    """
    if verdict == "await approval" and approval != "ask":
        return Decision(False, f"{verdict}: {reason}; promotion.approval is {approval} here")
    return Decision(verdict == "await approval", f"{verdict}: {reason}")


def answered_by(answer: Mapping[str, Any]) -> str | None:
    """Return who answered; None where the default was taken because nobody did in time."""
    person = answer["responded_by_user"]
    return str(person["name"] or "somebody") if person else None


def decide_approval(answer: Mapping[str, Any], reason: str) -> Decision:
    """Decide whether the package may serve; what was said, by whom and why, is the reason.

    Args:
        answer: What Airflow's task that asked returned: the `chosen_options`, the form's fields as
            `params_input`, and `responded_by_user`.
        reason: Why the package would be promoted.
    """
    person = answered_by(answer)
    if person is None:
        return Decision(False, "nobody answered in time: the package can still be approved")
    why = (answer["params_input"] or {}).get("why")
    if answer["chosen_options"] == [APPROVE]:
        return Decision(True, f"approved in Airflow by {person}: {why or reason}")
    return Decision(False, f"rejected in Airflow by {person}" + (f": {why}" if why else ""))


def question(
    pipeline: str, registered: Mapping[str, Any], approvers: Sequence[str] = ()
) -> dict[str, str]:
    """Return the question's `subject` in one line, and its `body` in Markdown.

    Args:
        pipeline: The pipeline's name.
        registered: What was registered: the verdict with its gates, `training_job`, `package`.
        approvers: The names of the users who may answer; empty for whoever may in Airflow.
    """
    version = str(registered["package"]).rsplit("/", 1)[-1]
    rows = [
        f"| {gate['metric']} | {_number(gate['value'])} | {gate['limit']} {gate['threshold']:.4g} "
        f"| {_number(gate['margin'])} |"
        for gate in registered["gates"]
    ]
    table = ["| figure | value | limit | margin |", "|---|---|---|---|", *rows]
    return {
        "subject": f"Shall model package {version} of {pipeline} serve?",
        "body": "\n".join(
            [
                f"Trained by {registered['training_job']} on data set "
                f"{registered['dataset_version']}: {registered['reason']}.",
                "",
                *table,
                "",
                "Approve, and endpoint update deploys it. Reject, and the package is Rejected in "
                "the registry, with your name and your reason. Without an answer in time what "
                "serves goes on serving, and the package can still be approved in the registry.",
                *(["", f"Only {', '.join(approvers)} may answer."] if approvers else []),
            ]
        ),
    }


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.4g}"

"""Approval of a model by a user: the question with its figures, and the meaning of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.decisions.decision import Decision

APPROVE, REJECT = "Approve", "Reject"
"""The options of the question."""


def decide_question(approval: str, verdict: str, reason: str) -> Decision:
    """Decide whether a run asks a user: only about a model that passed all limits.

    Args:
        approval: The running deployment's `promotion.approval`.
        verdict: The candidate's verdict.
        reason: The reason of the verdict.
    """
    if verdict == "await approval" and approval != "ask":
        return Decision(False, f"{verdict}: {reason}; promotion.approval is {approval} here")
    return Decision(verdict == "await approval", f"{verdict}: {reason}")


def responder(answer: Mapping[str, Any]) -> str | None:
    """Return the name of the user who answered, or None if nobody answered in time."""
    user = answer["responded_by_user"]
    return str(user["name"] or "an unnamed user") if user else None


def decide_approval(answer: Mapping[str, Any], reason: str) -> Decision:
    """Decide whether the package may serve; the reason has the user's answer, name and reason.

    Args:
        answer: The return value of Airflow's human-in-the-loop task: the `chosen_options`, the
            form's fields as `params_input`, and `responded_by_user`.
        reason: Why the package would be promoted.
    """
    user = responder(answer)
    if user is None:
        return Decision(False, "nobody answered in time: the package can still be approved")
    why = (answer["params_input"] or {}).get("why")
    if answer["chosen_options"] == [APPROVE]:
        return Decision(True, f"approved in Airflow by {user}: {why or reason}")
    return Decision(False, f"rejected in Airflow by {user}" + (f": {why}" if why else ""))


def question(
    pipeline: str, registered: Mapping[str, Any], approvers: Sequence[str] = ()
) -> dict[str, str]:
    """Return the question's `subject` in one line, and its `body` in Markdown.

    Args:
        pipeline: The pipeline's name.
        registered: The registered candidate: the verdict with its gates, `training_job`, `package`.
        approvers: The names of the users who may answer; empty if every user with the permission
            in Airflow may.
    """
    version = str(registered["package"]).rsplit("/", 1)[-1]
    rows = [
        f"| {gate['metric']} | {_number(gate['value'])} | {gate['limit']} {gate['threshold']:.4g} "
        f"| {_number(gate['margin'])} |"
        for gate in registered["gates"]
    ]
    table = ["| figure | value | limit | margin |", "|---|---|---|---|", *rows]
    return {
        "subject": f"Approve model package {version} of {pipeline}?",
        "body": "\n".join(
            [
                f"Trained by {registered['training_job']} on dataset "
                f"{registered['dataset_version']}: {registered['reason']}.",
                "",
                *table,
                "",
                "Approve: endpoint update deploys the package. Reject: the package is set to "
                "Rejected in the registry, with your name and your reason. Without an answer in "
                "time, the present model stays in service, and the package can still be approved "
                "in the registry.",
                *(["", f"Only {', '.join(approvers)} may answer."] if approvers else []),
            ]
        ),
    }


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.4g}"

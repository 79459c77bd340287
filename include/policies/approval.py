"""What a person is asked before a model serves, with the figures that the answer rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.policies.decision import Decision

APPROVE = "Approve"
"""The answer that lets a model serve, as Airflow's ApprovalOperator calls it."""


def decide_asking(verdict: str, reason: str) -> Decision:
    """Decide whether to ask a person: only of a model that all limits would let through."""
    return Decision(verdict == "await approval", f"{verdict}: {reason}")


def question(pipeline: str, registered: Mapping[str, Any]) -> dict[str, str]:
    """Return the question's `subject` in one line, and its `body` in Markdown.

    Args:
        pipeline: The pipeline's name.
        registered: What was registered: the verdict with its gates, `training_job`, `package`.
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
                "Approve, and endpoint update deploys it. Reject, or give no answer in time, and "
                "what serves goes on serving; the package can still be approved in the registry.",
            ]
        ),
    }


def answered(subject: str, answer: Mapping[str, Any]) -> str:
    """Return in one line what came of a question, and after a no what a person can still do.

    Args:
        subject: The question.
        answer: Airflow's: `chosen_options`, `responded_by_user`, and whether it `timedout`.
    """
    (chosen,) = answer["chosen_options"]
    who = (answer.get("responded_by_user") or {}).get("name", "somebody")
    said = "Nobody answered in time" if answer.get("timedout") else f"{who} answered {chosen}"
    if chosen == APPROVE:
        return f"{subject} {said}."
    return (
        f"{subject} {said}: what serves goes on serving. To deploy it all the same, approve the "
        "package in the registry, then trigger endpoint update."
    )


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.4g}"

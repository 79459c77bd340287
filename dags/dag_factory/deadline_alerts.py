"""Deadline alerts: Airflow reports runs that take longer than their pipeline allows."""

from __future__ import annotations

from datetime import timedelta

# Public, but missing in the type stub of airflow.sdk 3.3.
from airflow.sdk import AsyncCallback, DeadlineAlert  # type: ignore[attr-defined]

from include.config import Pipeline
from include.config.dag_families import get_family
from sagemaker_jobs.notifications.deadlines import DagRunCreatedDeadline, deadline_missed


def deadlines(pipeline: Pipeline, family: str, timeout: timedelta) -> list[DeadlineAlert]:
    """Return the alerts of a DAG: one for each interval that a deployment sets.

    The interval begins when the run is created, which runs started by an asset have, too. A DAG is
    built before its deployment is known: if deployments differ, each alert names its deployments.

    Args:
        pipeline: The pipeline, loaded without a deployment.
        family: The DAG's family.
        timeout: The interval of deployments that set none.
    """
    default = _interval(pipeline, family, timeout)
    different: dict[timedelta | None, list[str]] = {}
    for deployment, variant in pipeline.overridden.items():
        interval = _interval(variant, family, timeout)
        if interval != default:
            different.setdefault(interval, []).append(deployment)
    excluded = [deployment for deployments in different.values() for deployment in deployments]
    deployments_of = {default: {"not_in": excluded}}
    deployments_of |= {interval: {"only_in": names} for interval, names in different.items()}
    return [
        _alert(f"{pipeline.name} {family}", interval, _advice(family), **deployments)
        for interval, deployments in deployments_of.items()
        if interval is not None
    ]


def installation_deadline(name: str, interval: timedelta) -> DeadlineAlert:
    """Return the alert of a DAG that belongs to no pipeline."""
    return _alert(name, interval, "open the run: the tasks' logs say what they wait for.")


def _interval(pipeline: Pipeline, family: str, timeout: timedelta) -> timedelta | None:
    """Return the interval of a deployment, or None if it wants no alert."""
    notifications = pipeline.notifications
    if "deadline" not in notifications.events:
        return None
    minutes = notifications.deadline_minutes.minutes(family)
    return timedelta(minutes=minutes) if minutes else timeout


def _advice(family: str) -> str:
    field = f"notifications.deadline_minutes.{get_family(family).deadline}"
    return (
        "open the run: a waiting task logs what it waits for. If the time is too short, raise "
        f"{field} in the YAML."
    )


def _alert(name: str, interval: timedelta, advice: str, **deployments: list[str]) -> DeadlineAlert:
    text = {
        "title": f"{name} is late: it has not ended {interval} after its creation",
        "advice": advice,
    }
    return DeadlineAlert(
        reference=DagRunCreatedDeadline(),
        interval=interval,
        callback=AsyncCallback(deadline_missed, kwargs={**text, **deployments}),
        name=f"{name} is late",
    )

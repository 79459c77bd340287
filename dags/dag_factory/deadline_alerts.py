"""Deadline alerts: how a DAG reports a run that is late."""

from __future__ import annotations

from datetime import timedelta

# Public, but missing in the type stub of airflow.sdk 3.3.
from airflow.sdk import AsyncCallback, DeadlineAlert  # type: ignore[attr-defined]

from include.config import Pipeline
from sagemaker_jobs.notifications.deadlines import DagRunCreatedDeadline, deadline_missed

FIELDS = {
    "dataset_refresh": "refresh",
    "im2rec_conversion": "conversion",
    "nightly_training": "training",
    "endpoint_update": "endpoint",
    "endpoint_rollback": "endpoint",
    "batch_inference": "batch",
}
"""The deadline's name in the YAML, by family."""


def deadlines(pipeline: Pipeline, family: str, timeout: timedelta) -> list[DeadlineAlert]:
    """Return the alerts that report a late run, one for each interval that a deployment wants.

    Counted from when the run was queued, which a run that an asset started has, too. DAGs are built
    before the deployment is known: where deployments differ, each alert names those that it is for.

    Args:
        pipeline: The pipeline, loaded without a deployment.
        family: The DAG's family.
        timeout: The interval of a deployment that names none.
    """
    base = _interval(pipeline, family, timeout)
    others: dict[timedelta | None, list[str]] = {}
    for name, overridden in pipeline.overridden.items():
        interval = _interval(overridden, family, timeout)
        if interval != base:
            others.setdefault(interval, []).append(name)
    wanted = {base: {"not_in": [name for names in others.values() for name in names]}}
    wanted |= {interval: {"only_in": names} for interval, names in others.items()}
    return [
        _alert(f"{pipeline.name} {family}", interval, _late_advice(family), **where)
        for interval, where in wanted.items()
        if interval is not None
    ]


def _interval(pipeline: Pipeline, family: str, timeout: timedelta) -> timedelta | None:
    """Return when a deployment's run is late, or None where it wants no notice of that."""
    wanted = pipeline.notifications
    if "deadline" not in wanted.events:
        return None
    minutes = getattr(wanted.deadline_minutes, FIELDS[family])
    return timedelta(minutes=minutes) if minutes else timeout


def _late_advice(family: str) -> str:
    return (
        "open the run: a task that waits says in its log what for. Where the time is "
        f"too short, raise notifications.deadline_minutes.{FIELDS[family]} in the YAML."
    )


def installation_deadline(name: str, interval: timedelta) -> DeadlineAlert:
    """Return what tells that a run is late of a DAG that belongs to no pipeline."""
    return _alert(name, interval, "open the run: the tasks' logs say what they wait for.")


def _alert(name: str, interval: timedelta, advice: str, **where: list[str]) -> DeadlineAlert:
    words = {
        "title": f"{name} is late: not done {interval} after it was queued",
        "advice": advice,
    }
    return DeadlineAlert(
        reference=DagRunCreatedDeadline(),
        interval=interval,
        callback=AsyncCallback(deadline_missed, kwargs={**words, **where}),
        name=f"{name} is late",
    )

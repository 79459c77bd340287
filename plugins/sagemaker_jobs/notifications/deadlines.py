"""Deadlines of runs: the reference to count from, and the callback that reports a late run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

# Public, but missing in the type stub of airflow.sdk 3.3.
from airflow.sdk import BaseDeadlineReference  # type: ignore[attr-defined]

DEPLOYMENT_VARIABLE = "deployment"

FINISHED_STATES = ("success", "failed")
"""States of a finished run, whose result was reported when it finished."""

log = logging.getLogger(__name__)


class DagRunCreatedDeadline(BaseDeadlineReference):  # type: ignore[misc]
    """Counts from the moment at which Airflow creates the run; a clear does not change it.

    Airflow 3.3 recomputes its own DAGRUN_QUEUED_AT when a user clears a task. That code raises a
    TypeError, and the clear fails (apache/airflow#70368). It leaves other references alone. The
    scheduler finds this class by the plugin that registers it.
    """

    def _evaluate_with(self, **_: Any) -> datetime:
        return datetime.now(UTC)


async def deadline_missed(
    context: dict[str, Any],
    title: str,
    advice: str,
    only_in: Sequence[str] = (),
    not_in: Sequence[str] = (),
) -> None:
    """Notify that a run is late, unless it has finished. Airflow calls this in the triggerer.

    Args:
        context: The run and its deadline, as Airflow's scheduler describes them.
        title: What happened, in one line.
        advice: What to do.
        only_in: The deployments (Airflow Variable `deployment`) to notify; empty means all.
        not_in: The deployments not to notify.
    """
    from asgiref.sync import sync_to_async

    from sagemaker_jobs.notifications.dispatch import get_setting, send

    run, deadline = context["dag_run"], context.get("deadline") or {}
    # Variables and connections are read in threads, so that other triggers do not wait.
    deployment = await sync_to_async(get_setting)(DEPLOYMENT_VARIABLE) if only_in or not_in else ""
    if deployment in not_in or (only_in and deployment not in only_in):
        log.info("not for deployment %s: %s", deployment or "(not set)", title)
        return
    # Airflow deletes the deadline of a run that succeeds in time, but not of a run that fails
    # (apache/airflow#60927).
    if run.get("state") in FINISHED_STATES:
        state = run["state"]
        log.info("not late: run %s of %s ended as %s", run["dag_run_id"], run["dag_id"], state)
        return
    await sync_to_async(send)(_late_run(run, deadline, title, advice))


def _late_run(run: dict[str, Any], deadline: dict[str, Any], title: str, advice: str) -> Any:
    from sagemaker_jobs.notifications.notification import Notification
    from sagemaker_jobs.notifications.urls import run_url

    started = run.get("start_date") or "never: it is still queued"
    return Notification(
        event="deadline",
        title=title,
        where=run_url(run["dag_id"], run["dag_run_id"]),
        details=f"Queued {run.get('queued_at')}, started {started}, state {run.get('state')}; it "
        f"should have ended by {deadline.get('deadline_time')}.",
        advice=advice,
    )

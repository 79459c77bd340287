"""Decisions to continue, or to skip a task and its downstream tasks, and which runs are skipped."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airflow.sdk import TriggerRule, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from include.decisions.decision import Decision

REASON = "reason"
"""The XCom key of a decision's reason; a skipped task pushes it, too, but returns no value."""

BACKFILL = "backfill"
"""Airflow's type of the runs that `airflow backfill create` makes."""

log = logging.getLogger(__name__)


def skip_unless(decision: Decision) -> None:
    """Continue, or skip this task and its downstream tasks, and log and push the reason.

    Raises:
        AirflowSkipException: The decision is not to continue.
    """
    log.info("%s: %s.", "This task continues" if decision.go else "Skipped", decision.reason)
    get_current_context()["ti"].xcom_push(key=REASON, value=decision.reason)
    if not decision.go:
        raise AirflowSkipException(decision.reason)


def skip_backfill(context: Mapping[str, Any]) -> None:
    """Skip all of a run that a backfill has created.

    A run works on what is there now, not on what was there at its date. So the runs of a backfill
    would all do the same, and all at once: a backfill has a limit of its own in place of the DAG's
    `max_active_runs`.

    Args:
        context: Airflow's context of a task that is about to run. Only the first tasks skip, and
            those that run although their upstream tasks are skipped.

    Raises:
        AirflowSkipException: The run is of a backfill.
    """
    task = context["task"]
    follows = task.upstream_task_ids and task.trigger_rule != TriggerRule.NONE_FAILED
    if follows or context["dag_run"].run_type != BACKFILL:
        return
    reason = (
        "a backfill has nothing to do here: a run works on the present data and models, whatever "
        "its date. Trigger the DAG for another run"
    )
    log.info("Skipped: %s.", reason)
    context["ti"].xcom_push(key=REASON, value=reason)
    raise AirflowSkipException(reason)

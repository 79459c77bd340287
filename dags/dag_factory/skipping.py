"""Decisions of tasks: to continue, or to skip the task and its downstream tasks."""

from __future__ import annotations

import logging

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from include.decisions.decision import Decision

REASON = "reason"
"""The XCom key of a decision's reason; a skipped task pushes it, too, but returns no value."""

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

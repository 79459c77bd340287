"""Errors of failed tasks, recorded for the notification at the end of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FAILURE = "failure"
"""The XCom key of the error of a failed task; a task whose process was killed pushes none."""

MAX_FAILURE_LENGTH = 600
"""Characters: enough for reason and fix. The task's log has the whole message."""


def record_failure(context: Mapping[str, Any]) -> None:
    """Push the error of a failed task as an XCom; Airflow calls this in the task's process.

    The callback of the DAG run runs in the DAG processor, which does not know the error. Airflow
    masks secrets in logs, but not in XComs, so this function masks them, and removes the parts of
    URLs that may be tokens.
    """
    from include.common.addresses import redact_urls
    from sagemaker_jobs.airflow_compat import mask_secrets

    error = context.get("exception")
    # None if the scheduler found the task dead: then the DAG processor calls.
    if isinstance(error, BaseException):
        text = f"{type(error).__name__}: {redact_urls(mask_secrets(str(error)))}"
        if len(text) > MAX_FAILURE_LENGTH:
            text = f"{text[: MAX_FAILURE_LENGTH - 3]}..."
        context["ti"].xcom_push(key=FAILURE, value=text)

"""How a task says why it failed, to the run that ends by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FAILURE = "failure"
"""The XCom that holds why a task failed for good; one whose process was killed leaves none."""

MAX_FAILURE_LENGTH = 600
"""Enough for the reason and its fix; the task's log has all of it."""


def record_failure(context: Mapping[str, Any]) -> None:
    """Leave what a task failed of; Airflow calls it in the task's process, which knows the error.

    The run's own callback runs elsewhere, and is not told. Airflow masks secrets in logs, but not
    in XComs, so that it is done here; web addresses are left without what may be a token.
    """
    from include.common.addresses import redact_urls
    from sagemaker_jobs.airflow_compat import mask_secrets

    error = context.get("exception")
    # None where the scheduler found the task dead: then the DAG processor calls.
    if isinstance(error, BaseException):
        text = f"{type(error).__name__}: {redact_urls(mask_secrets(str(error)))}"
        if len(text) > MAX_FAILURE_LENGTH:
            text = f"{text[: MAX_FAILURE_LENGTH - 3]}..."
        context["ti"].xcom_push(key=FAILURE, value=text)

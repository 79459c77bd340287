"""How a task says why it works, or why there is nothing to do."""

from __future__ import annotations

import logging

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from include.decisions.decision import Decision

REASON = "reason"
"""The XCom that holds the reason, also of a task that was skipped and so returned nothing."""

log = logging.getLogger(__name__)


def skip_unless(decision: Decision) -> None:
    """Go on, or skip this task and what follows; the reason is in the log and in an XCom."""
    log.info("%s: %s", "going on" if decision.go else "skipped", decision.reason)
    get_current_context()["ti"].xcom_push(key=REASON, value=decision.reason)
    if not decision.go:
        raise AirflowSkipException(decision.reason)

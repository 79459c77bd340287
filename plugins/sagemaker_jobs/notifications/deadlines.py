"""What a run's deadline counts from, in a way that lets people clear the run.

Airflow 3.3's own DAGRUN_QUEUED_AT is counted anew when a person clears a task, by code that fails
on it: the clear is then refused with a TypeError. A reference of another name is left alone there.
"""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk.definitions.deadline import BaseDeadlineReference


class DagRunCreatedDeadline(BaseDeadlineReference):
    """Counts from the moment at which Airflow creates the run; a clear does not change it.

    The scheduler finds it by the plugin that registers it.
    """

    def _evaluate_with(self, **_: Any) -> datetime:
        return datetime.now(UTC)

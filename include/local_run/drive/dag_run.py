"""DAG runs and task instances as `make run` reads them from Airflow's REST API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

FINISHED_STATES = frozenset({"success", "failed"})


@dataclass(frozen=True)
class DagRun:
    """A run of a DAG in the state of the last request."""

    dag_id: str
    run_id: str
    state: str

    @property
    def finished(self) -> bool:
        """Whether the run has succeeded or failed."""
        return self.state in FINISHED_STATES


@dataclass(frozen=True)
class TaskInstance:
    """A task instance of a DAG run.

    Attributes:
        task_id: The task's id.
        state: Airflow's state, or None if the task is not scheduled yet.
        try_number: Number of the current or last try; 0 before the first.
        start: When the current or last try started.
        end: When it ended.
    """

    task_id: str
    state: str | None
    try_number: int
    start: datetime | None
    end: datetime | None

    @property
    def seconds(self) -> float:
        """Duration of the last try; 0 if it has not ended."""
        if self.start is None or self.end is None:
            return 0.0
        return (self.end - self.start).total_seconds()

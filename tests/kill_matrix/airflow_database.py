"""Read-only access to Airflow's database, which works while Airflow's components are down."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.local_run.drive.dag_run import DagRun


@dataclass(frozen=True)
class TaskInstance:
    """A task instance: its state, its try number, and the process id of its running try."""

    task_id: str
    state: str | None
    tries: int
    pid: int | None


class AirflowDatabase:
    """Airflow's database; each query opens the file again, so that it does not block Airflow.

    Args:
        file: The SQLite file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def tasks(self, run: DagRun) -> dict[str, TaskInstance]:
        """Return the run's task instances by task id."""
        rows = self._rows(
            "SELECT task_id, state, try_number, pid FROM task_instance "
            "WHERE dag_id = ? AND run_id = ?",
            run.dag_id, run.run_id,
        )  # fmt: skip
        return {row[0]: TaskInstance(*row) for row in rows}

    def state(self, run: DagRun) -> str:
        """Return the run's state."""
        return str(self._run(run, "state"))

    def ended(self, run: DagRun) -> datetime | None:
        """Return when the run ended, or None if it has not ended."""
        found = self._run(run, "end_date")
        return datetime.fromisoformat(found).replace(tzinfo=UTC) if found else None

    def active_runs(self) -> list[DagRun]:
        """Return the runs of all DAGs that have not ended."""
        rows = self._rows(
            "SELECT dag_id, run_id, state FROM dag_run WHERE state IN ('queued', 'running')"
        )
        return [DagRun(*row) for row in rows]

    def newest_start(self, job_type: str) -> datetime | None:
        """Return when the newest process of a job type, such as SchedulerJob, registered itself."""
        (found,) = self._rows("SELECT max(start_date) FROM job WHERE job_type = ?", job_type)[0]
        return datetime.fromisoformat(found).replace(tzinfo=UTC) if found else None

    def _run(self, run: DagRun, column: str) -> Any:
        rows = self._rows(
            f"SELECT {column} FROM dag_run WHERE dag_id = ? AND run_id = ?", run.dag_id, run.run_id
        )
        return rows[0][0]

    def _rows(self, query: str, *values: Any) -> list[Any]:
        uri = f"file:{self._file}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

"""Reason of a failed DAG run, in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.dag_run import TaskInstance
from include.local_run.drive.run_follower import FinishedRun


def describe_failure(api: AirflowApi, finished: FinishedRun) -> str:
    """Return the DAG, the task that failed first, and the last error of the task's log."""
    failed = [task for task in finished.tasks.values() if task.state == "failed"]
    if not failed:
        return f"{finished.run.dag_id} failed, but no task failed: it may have timed out"
    first = min(failed, key=_end)
    lines = api.get_log(finished.run, first.task_id, first.try_number or 1)
    reason = last_error(lines) or "its log contains no error, see the log in the UI"
    return f"{finished.run.dag_id}: task {first.task_id} failed: {reason}"


def last_error(lines: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the last error of a task's log: the exception if there is one, or the message."""
    for line in reversed(list(lines)):
        for detail in reversed(line.get("error_detail") or []):
            if detail.get("exc_value"):
                return _one_line(f"{detail.get('exc_type', 'error')}: {detail['exc_value']}")
        if str(line.get("level", "")).lower() in {"error", "critical"} and line.get("event"):
            return _one_line(str(line["event"]))
    return None


def _end(task: TaskInstance) -> float:
    return task.end.timestamp() if task.end else float("inf")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:1000]

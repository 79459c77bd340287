"""Why a run failed, in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.follow import Followed


def why(api: AirflowApi, followed: Followed) -> str:
    """Names the DAG, the task that failed first, and its reason from its log."""
    failed = [task for task in followed.tasks.values() if task["state"] == "failed"]
    if not failed:
        return f"{followed.run.dag_id} failed, though no task of it did (it took too long?)"
    first = min(failed, key=lambda task: str(task.get("end_date")))
    name = first["task_id"]
    lines = api.log(followed.run, name, int(first["try_number"] or 1))
    reason = last_error(lines) or "its log has no error; see the UI"
    return f"{followed.run.dag_id}: task {name} failed: {reason}"


def last_error(lines: Iterable[Mapping[str, Any]]) -> str | None:
    """The last error of a task's log: the exception's own words where there is one."""
    for line in reversed(list(lines)):
        for detail in reversed(line.get("error_detail") or []):
            if detail.get("exc_value"):
                return _one_line(f"{detail.get('exc_type', 'error')}: {detail['exc_value']}")
        if str(line.get("level", "")).lower() in {"error", "critical"} and line.get("event"):
            return _one_line(str(line["event"]))
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:1000]

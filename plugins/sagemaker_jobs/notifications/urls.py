"""URLs of runs and tasks in Airflow's UI."""

from __future__ import annotations


def run_url(dag_id: str, run_id: str, task_id: str = "") -> str:
    """Return the URL of a run, or of one of its tasks, in Airflow's UI."""
    from urllib.parse import quote

    from airflow.sdk import conf

    base = conf.get("api", "base_url", fallback="") or "http://localhost:8080"
    run = f"{base.rstrip('/')}/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}"
    return f"{run}/tasks/{quote(task_id)}" if task_id else run

"""URLs of runs and tasks in Airflow's UI, and of the model page about them."""

from __future__ import annotations

from urllib.parse import quote


def run_url(dag_id: str, run_id: str, task_id: str = "") -> str:
    """Return the URL of a run, or of one of its tasks, in Airflow's UI."""
    run = f"{_base_url()}/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}"
    return f"{run}/tasks/{quote(task_id)}" if task_id else run


def question_url(dag_id: str, run_id: str, task_id: str) -> str:
    """Return the URL of the question that a task asks a user (*Required Actions*)."""
    return f"{run_url(dag_id, run_id, task_id)}/required_actions"


def page_url(dag_id: str, run_id: str, task_id: str = "") -> str:
    """Return the URL of the model page about a run, or about what one of its tasks made.

    Empty for a DAG that belongs to no pipeline.
    """
    if "__" not in dag_id:
        return ""
    parts = [dag_id, run_id, *([task_id] if task_id else [])]
    path = "/".join(quote(part, safe="") for part in parts)
    return f"{_base_url()}/image-models/-/of/{path}"


def _base_url() -> str:
    from airflow.sdk import conf

    url = conf.get("api", "base_url", fallback="") or "http://localhost:8080"
    return str(url).rstrip("/")

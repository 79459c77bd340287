"""Addresses of the model page and of Airflow's UI, below the path of Airflow's `base_url`."""

from __future__ import annotations

from functools import cache
from urllib.parse import quote, urlencode, urlsplit

PREFIX = "/image-models"
"""The path below which Airflow mounts the application."""


@cache
def base_path() -> str:
    """Return the path of `[api] base_url` without a final slash: "" or "/airflow".

    It is read once: Airflow looks a setting up in several places, and a page has hundreds of links.
    """
    from airflow.sdk import conf

    return urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")


def page(*parts: object, **query: object) -> str:
    """Return the path of a page of this application, with each part quoted.

    Args:
        *parts: The path's parts below the application; none for the overview.
        **query: Parameters of the query; those that are None or "" are left out.
    """
    path = "/".join(quote(str(part), safe="") for part in parts)
    wanted = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{base_path()}{PREFIX}/{path}" + (f"?{urlencode(wanted)}" if wanted else "")


def airflow_run(dag_id: str, run_id: str = "", task_id: str = "") -> str:
    """Return the path of a DAG, a run or a task in Airflow's UI.

    The colons and the plus of a run's id are not encoded, because Airflow would underline no tab.
    """
    path = f"{base_path()}/dags/{quote(dag_id, safe='')}"
    if run_id:
        path += f"/runs/{quote(run_id, safe=':+')}"
    return f"{path}/tasks/{quote(task_id, safe='')}" if task_id else path


def login(back: str) -> str:
    """Return the path of Airflow's login, which leads back to a page of this application."""
    return f"{base_path()}/auth/login?{urlencode({'next': back})}"

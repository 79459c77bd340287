"""Triggering of a pipeline's DAGs in the name of the user; the page changes nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_page.access import dag_id
from model_page.airflow_api import AirflowApi
from model_page.reading.runs import RunView, run_view


def trigger(
    api: AirflowApi, pipeline: str, family: str, conf: Mapping[str, Any], why: str
) -> RunView:
    """Trigger a DAG, and return its run.

    Args:
        api: Airflow's REST API for the user.
        pipeline: The pipeline.
        family: The DAG's family.
        conf: The run's configuration; values that are None are left out.
        why: The user's reason, which becomes the run's note; may be empty.

    Raises:
        HTTPException: Airflow refuses: the user has no right, or a value is not allowed.
    """
    wanted = {name: value for name, value in conf.items() if value is not None}
    body = {"conf": wanted, "logical_date": None, "note": why or None}
    return run_view(api.post(f"dags/{dag_id(pipeline, family)}/dagRuns", body))

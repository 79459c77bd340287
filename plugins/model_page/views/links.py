"""The way from Airflow to a page: from a DAG, a run or a task to what it made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from include.config import pipeline_files
from model_page import addresses
from model_page.access import User, may_read
from model_page.airflow_api import AirflowApi, Call

router = APIRouter()

Parts = tuple[object, ...]

PAGES: Mapping[str, Parts] = {
    "dataset_refresh": ("data",),
    "im2rec_conversion": ("data",),
    "batch_inference": ("batches",),
}
"""The page about a DAG by its family; the others have the pipeline's own page."""

CURVE_TASKS = frozenset({"plan", "submit_train", "track_train"})
"""Tasks of nightly training before there is an evaluation."""


@router.get("/-/of/{dag_id}")
@router.get("/-/of/{dag_id}/{run_id}")
@router.get("/-/of/{dag_id}/{run_id}/{task_id}")
def find_page(
    request: Request, user: User, dag_id: str, run_id: str = "", task_id: str = ""
) -> Response:
    """Lead to the page about a DAG, a run or a task; the address of Airflow's tabs and links."""
    pipeline, separator, family = dag_id.partition("__")
    if not separator or pipeline not in pipeline_files():
        raise HTTPException(
            404, f"the DAG {dag_id} belongs to no image classification pipeline: no model to show"
        )
    if not may_read(user, pipeline):
        raise HTTPException(403, f"your user may not read the DAGs of pipeline {pipeline}")
    found = _find(AirflowApi(request), dag_id, family, run_id, task_id) if run_id else None
    return RedirectResponse(addresses.page(pipeline, *(found or PAGES.get(family, ()))), 303)


def _find(api: AirflowApi, dag_id: str, family: str, run_id: str, task_id: str) -> Parts | None:
    """Return the page about what a run or one of its tasks has made, or None if nothing yet."""

    def read(task: str) -> Mapping[str, Any]:
        return _xcom(api, dag_id, run_id, task)

    finders: Mapping[str, Callable[[], Parts | None]] = {
        "nightly_training": lambda: _training_page(read, task_id),
        "batch_inference": lambda: _batch_page(read),
        "endpoint_update": lambda: _package_page(read),
        "endpoint_rollback": lambda: _package_page(read),
    }
    return finders[family]() if family in finders else None


def _training_page(read: Callable[[str], Mapping[str, Any]], task_id: str) -> Parts | None:
    job = read("track_train").get("job_name") or read("submit_train").get("job_name")
    if not job:
        return None
    return ("training", job) if task_id in CURVE_TASKS else ("evaluation", job)


def _batch_page(read: Callable[[str], Mapping[str, Any]]) -> Parts | None:
    batch = read("plan").get("batch")
    return ("batches", batch) if batch else None


def _package_page(read: Callable[[str], Mapping[str, Any]]) -> Parts | None:
    package = read("plan").get("package") or {}
    version = package.get("version") if isinstance(package, dict) else None
    return ("package", version) if version else None


def _xcom(api: AirflowApi, dag_id: str, run_id: str, task_id: str) -> Mapping[str, Any]:
    """Return what a task returned; empty if nothing, or if the user may not read it."""
    path = f"dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"
    call = Call("GET", f"{path}/taskInstances/{task_id}/xcomEntries/return_value")
    (answer,) = api.find_all([call])
    value = (answer or {}).get("value")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}

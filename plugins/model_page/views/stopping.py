"""Stopping of a running training: its track task is marked failed, which stops the job."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from model_page import addresses
from model_page.access import ReadablePipeline, User, dag_id, require_trigger
from model_page.airflow_api import AirflowApi
from model_page.forms import Form, reason_of
from model_page.reading.runs import UNFINISHED, latest_of, latest_runs

router = APIRouter()

TRACK_TASK = "track_train"
FAMILY = "nightly_training"


@router.post("/{pipeline}/stop")
def stop_training(request: Request, pipeline: ReadablePipeline, user: User, form: Form) -> Response:
    """Stop the training job of the running nightly training."""
    require_trigger(user, pipeline, FAMILY)
    api = AirflowApi(request)
    run = latest_of(latest_runs(api, [pipeline])[pipeline], FAMILY)
    if run is None or run.state not in UNFINISHED:
        raise HTTPException(409, "no training runs: it has ended, or was stopped already")
    path = f"dags/{dag_id(pipeline, FAMILY)}/dagRuns/{quote(run.run_id, safe='')}"
    why = reason_of(form)
    note = f"stopped on the model page by {user.get_name()}" + (f": {why}" if why else "")
    api.patch(f"{path}/taskInstances/{TRACK_TASK}", {"new_state": "failed", "note": note})
    return RedirectResponse(addresses.page(pipeline, "run", FAMILY, run.run_id), 303)

"""A training job: its curve while it runs and afterwards, and its stop.

To stop a training, its track task is marked failed, which stops the job.
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from model_page import addresses
from model_page.access import ReadablePipeline, User, dag_id, may_trigger, require_trigger
from model_page.airflow_api import AirflowApi
from model_page.context import open_pipeline
from model_page.forms import Form, reason_of
from model_page.problems import attempt
from model_page.reading.names import check_job
from model_page.reading.overview import read_served
from model_page.reading.runs import UNFINISHED, latest_of, latest_runs
from model_page.rendering import respond

router = APIRouter()

TRACK_TASK = "track_train"
FAMILY = "nightly_training"


@router.get("/{pipeline}/training/{job}")
def show_training(request: Request, pipeline: ReadablePipeline, user: User, job: str) -> Response:
    """Show a training job of the pipeline; the part `training` is fetched again while it runs."""
    opened = open_pipeline(request, pipeline)
    check_job(job)
    if not job.startswith(f"{opened.group}-"):
        raise HTTPException(404, f"{job} is no training job of {pipeline}")
    training = opened.sources.trainings.read(job)
    if training is None:
        raise HTTPException(404, f"SageMaker has no training job {job}")
    served = attempt(
        "what serves", lambda: read_served(opened.sources, opened.layout, opened.group)
    )
    content = {
        **opened.header("serving"),
        "training": training,
        "champion": served.value.figures if served.value else None,
        "champion_version": (
            served.value.package.version if served.value and served.value.package else None
        ),
        "may_stop": may_trigger(user, pipeline, "nightly_training"),
    }
    return respond(request, "training.html.jinja", content)


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

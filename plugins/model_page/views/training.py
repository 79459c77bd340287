"""A training job: its curve while it runs and afterwards."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from model_page.access import ReadablePipeline, User, may_trigger
from model_page.context import open_pipeline
from model_page.problems import attempt
from model_page.reading.names import check_job
from model_page.reading.overview import read_served
from model_page.rendering import respond

router = APIRouter()


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

"""The page of a pipeline: what serves, what the last run decided, and what runs now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from include.contracts.records import VerdictRecord
from model_page.access import ReadablePipeline, User, dag_id
from model_page.airflow_api import AirflowApi
from model_page.context import PipelinePage, open_pipeline, rights
from model_page.problems import Part, attempt
from model_page.reading.last_run import read_last_run
from model_page.reading.lineage import Step, read_lineage
from model_page.reading.models.serving import read_verdict
from model_page.reading.models.trainings import TrainingView
from model_page.reading.overview import Overview, read_overview
from model_page.reading.runs import (
    UNFINISHED,
    RunView,
    find_runs,
    latest_of,
    latest_runs,
    next_run,
)
from model_page.rendering import respond

router = APIRouter()


@router.get("/{pipeline}/")
@router.get("/{pipeline}", include_in_schema=False)
def show_pipeline(request: Request, pipeline: ReadablePipeline, user: User) -> Response:
    """Show what serves and the last nightly run."""
    opened, api = open_pipeline(request, pipeline), AirflowApi(request)
    runs = latest_runs(api, [pipeline])[pipeline]
    overview = read_overview(opened.sources, opened.pipeline, runs)
    content = {
        **opened.header("serving"),
        "overview": overview,
        "deployed_by": _deployed_by(opened, overview, api),
        "lineage": attempt("the lineage", lambda: _lineage(opened, overview)),
        "traffic": overview.traffic,
        "verdict": _verdict(opened, overview),
        "last_run": read_last_run(overview, runs),
        "next_training": _next(api, dag_id(pipeline, "nightly_training")),
        "training": attempt("the running training", lambda: _running(opened, runs)),
        "rights": rights(user, pipeline),
    }
    return respond(request, "pipeline.html.jinja", content)


def _deployed_by(opened: PipelinePage, overview: Overview, api: AirflowApi) -> Part[RunView]:
    served = overview.served.value
    deployment = served.deployment if served else None
    if deployment is None:
        return Part(None)
    record = attempt("the release", lambda: opened.sources.releases.record(deployment))
    run = record.value.run if record.value else None
    return Part(find_runs(api, [run]).get(run) if run else None, record.problem)


def _running(opened: PipelinePage, runs: list[RunView]) -> TrainingView | None:
    """Return the training that runs now; SageMaker is asked only if a nightly run runs."""
    run = latest_of(runs, "nightly_training")
    if run is None or run.state not in UNFINISHED:
        return None
    name = opened.sources.trainings.running(opened.group, opened.pipeline.name)
    return opened.sources.trainings.read(name) if name else None


def _lineage(opened: PipelinePage, overview: Overview) -> list[Step]:
    served = overview.served.value
    return read_lineage(opened.sources, opened.pipeline, served) if served else []


def _verdict(opened: PipelinePage, overview: Overview) -> Part[VerdictRecord]:
    """Return the verdict on the newest candidate, whose gates the page shows as bars."""
    page = overview.packages.value
    job = page.packages[0].training_job if page and page.packages else None
    return attempt("the verdict", lambda: read_verdict(opened.sources.objects, opened.layout, job))


def _next(api: AirflowApi, wanted: str) -> dict[str, Any]:
    try:
        moment, paused = next_run(api, wanted)
    except HTTPException as error:
        return {"moment": None, "paused": False, "problem": str(error.detail)}
    return {"moment": moment, "paused": paused, "problem": ""}

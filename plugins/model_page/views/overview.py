"""The overview of all pipelines that the user may read, those that need a decision first."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import APIRouter, Request, Response

from include.config import Pipeline, find_mistakes, pipeline_files
from include.config.errors import PipelineError
from model_page.access import User, may_read
from model_page.airflow_api import AirflowApi
from model_page.context import rights, sources_of
from model_page.problems import attempt
from model_page.reading.overview import Overview, read_overview
from model_page.reading.runs import RunView, latest_runs
from model_page.reading.sources import Sources
from model_page.reading.together import read_all
from model_page.rendering import respond

router = APIRouter()


@router.get("/")
def show_overview(request: Request, user: User) -> Response:
    """Show the pipelines, worst news first."""
    sources = sources_of(request)
    pipelines, mistakes = readable_pipelines(sources, user)
    runs = attempt(
        "runs", lambda: latest_runs(AirflowApi(request), [found.name for found in pipelines])
    )
    overviews = read_all(lambda pipeline: _overview(sources, pipeline, runs.value or {}), pipelines)
    content = {
        "pipelines": sorted(overviews, key=lambda one: one.rank),
        "mistakes": mistakes,
        "rights": {found.name: rights(user, found.name) for found in pipelines},
    }
    return respond(request, "overview.html.jinja", content)


def readable_pipelines(sources: Sources, user: BaseUser) -> tuple[list[Pipeline], list[str]]:
    """Return the pipelines that a user may read, and the mistakes in YAML files.

    Mistakes are shown to users who may read that pipeline, because the messages quote its file.
    """
    names = [name for name in pipeline_files() if may_read(user, name)]
    pipelines, broken = [], False
    for name in names:
        try:
            pipelines.append(sources.installation.pipeline(name))
        except PipelineError:
            broken = True
    mistakes = find_mistakes() if broken else []
    files = {str(path): name for name, path in pipeline_files().items()}
    shown = [
        line for line in mistakes if any(path in line and files[path] in names for path in files)
    ]
    return pipelines, shown


def _overview(sources: Sources, pipeline: Pipeline, runs: dict[str, list[RunView]]) -> Overview:
    return read_overview(sources, pipeline, runs.get(pipeline.name, []))

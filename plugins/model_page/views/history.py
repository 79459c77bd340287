"""The history of a pipeline: its packages, its deployments, and the page of one package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from include.contracts.records import ReleaseRecord
from model_page.access import ReadablePipeline, User
from model_page.airflow_api import AirflowApi
from model_page.context import PipelinePage, open_pipeline, rights
from model_page.problems import Part, attempt
from model_page.reading.models.approvals import list_decisions
from model_page.reading.models.releases import Deployment
from model_page.reading.models.serving import read_figures, read_verdict
from model_page.reading.runs import RunView, find_runs
from model_page.reading.together import read_all, read_together
from model_page.rendering import respond

router = APIRouter()

DEPLOYMENTS_SHOWN = 20


@dataclass(frozen=True)
class Event:
    """A deployment with the run that made it."""

    version: int
    deployed: Any
    run: RunView | None
    run_name: str


@router.get("/{pipeline}/history")
def show_history(request: Request, pipeline: ReadablePipeline, token: str = "") -> Response:
    """Show a page of packages, newest first, and the last deployments."""
    opened = open_pipeline(request, pipeline)
    sources, group = opened.sources, opened.group
    serving, packages, made = read_together(
        lambda: attempt("the endpoint", lambda: sources.serving.endpoint(group)),
        lambda: attempt("the registry", lambda: sources.registry.page(group, token or None)),
        lambda: attempt("the deployments", lambda: _last_deployments(opened)),
    )
    api = AirflowApi(request)
    content = {
        **opened.header("history"),
        "serving": serving.value.arn_version if serving.value else None,
        "packages": packages,
        "first": not token,
        "events": Part(_events(made.value, api)) if made.value is not None else made,
    }
    return respond(request, "history.html.jinja", content)


@router.get("/{pipeline}/package/{version}")
def show_package(
    request: Request, pipeline: ReadablePipeline, user: User, version: int
) -> Response:
    """Show a package: verdict with its limits, figures, lineage, deployments."""
    opened = open_pipeline(request, pipeline)
    package = opened.sources.registry.package(opened.group, version)
    if package is None:
        raise HTTPException(404, f"the registry has no package {version} of {opened.group}")
    objects, layout, job = opened.sources.objects, opened.layout, package.training_job
    serving = attempt("the endpoint", lambda: opened.sources.serving.endpoint(opened.group))
    content = {
        **opened.header("history"),
        "package": package,
        "serving": serving.value.arn_version if serving.value else None,
        "figures": attempt("the figures", lambda: read_figures(objects, layout, job)),
        "verdict": attempt("the verdict", lambda: read_verdict(objects, layout, job)),
        "deployments": attempt(
            "the deployments",
            lambda: opened.sources.releases.of_package(layout, version).deployments,
        ),
        "decisions": attempt("the decisions", lambda: list_decisions(objects, layout, version)),
        "rights": rights(user, pipeline),
        "approvers": [approver.name for approver in opened.pipeline.promotion.approvers],
    }
    return respond(request, "package.html.jinja", content)


def _last_deployments(opened: PipelinePage) -> list[tuple[Deployment, ReleaseRecord | None]]:
    """Return the last deployments with their records; None for those that cannot be read."""
    releases = opened.sources.releases
    last = releases.deployments(opened.layout).deployments[:DEPLOYMENTS_SHOWN]
    records = read_all(
        lambda made: attempt("the release", lambda: releases.record(made)).value, last
    )
    return list(zip(last, records, strict=True))


def _events(
    deployments: Sequence[tuple[Deployment, ReleaseRecord | None]], api: AirflowApi
) -> list[Event]:
    """Return deployments with who triggered each."""
    names = [str(record.run or "") if record else "" for _, record in deployments]
    runs = find_runs(api, names)
    return [
        Event(
            made.version,
            made.deployed or (record.deployed if record else None),
            runs.get(name),
            name,
        )
        for (made, record), name in zip(deployments, names, strict=True)
    ]

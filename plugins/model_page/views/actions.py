"""Actions on a pipeline: what will happen is shown first, then the DAG that does it is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from include.config import Pipeline
from include.decisions.registry.serving_model import CHANGING_STATES
from model_page import addresses
from model_page.access import ReadablePipeline, User, dag_id, may_trigger, require_trigger
from model_page.airflow_api import AirflowApi
from model_page.context import PipelinePage, open_pipeline
from model_page.forms import Form, number_of, reason_of
from model_page.problems import attempt
from model_page.reading.overview import Served, read_served
from model_page.reading.runs import UNFINISHED, RunView, latest_of, latest_runs, run_view
from model_page.rendering import respond
from model_page.triggering import trigger

router = APIRouter()

CHOICES = 30
"""Releases or packages that a form lists."""


@dataclass(frozen=True)
class Action:
    """Something that a user can start.

    Attributes:
        family: The family of the DAG that does it.
        title: The button's text.
        effect: What will happen, in a sentence or two.
        undo: How to undo it.
        chooses: What the form lists: "releases", "packages", or "".
        field: The DAG's param with the chosen number.
        takes_reason: Whether the DAG has the param `why`.
    """

    family: str
    title: str
    effect: str
    undo: str
    chooses: str = ""
    field: str = ""
    takes_reason: bool = False


ACTIONS: Mapping[str, Action] = {
    "rollback": Action(
        "endpoint_rollback",
        "Roll back",
        "The endpoint serves the chosen release after a smoke test; the present model serves until "
        "then. Newer approved packages are rejected, so that no update deploys them again.",
        "Approve the rejected package on its page; that deploys it again.",
        "releases",
        "release",
        takes_reason=True,
    ),
    "deploy": Action(
        "endpoint_update",
        "Deploy",
        "The endpoint serves the chosen approved package after a smoke test; if the test fails, "
        "the present model is restored and the package rejected.",
        "Roll back to the release that serves now.",
        "packages",
        "package_version",
    ),
    "refresh": Action(
        "dataset_refresh",
        "Refresh the dataset",
        "The source and the labels are read. If they changed, a new dataset version is published, "
        "which starts the conversion; the next nightly training uses it.",
        "Earlier dataset versions stay; a training can name one.",
    ),
    "train": Action(
        "nightly_training",
        "Train now",
        "A candidate is trained, evaluated and compared with the champion. It serves only if it "
        "keeps all limits. Nothing is trained if the same was trained before.",
        "Stop the training; or roll back after a promotion.",
    ),
    "batch": Action(
        "batch_inference",
        "Predict new photos",
        "The photos in incoming/ that no batch has predicted yet are predicted and reported.",
        "Delete the batch's folder below batches/ to predict its photos again.",
    ),
}

TRAINING_FIELDS = ("epochs", "learning_rate", "num_layers")


@router.get("/{pipeline}/action/{name}")
def show_action(request: Request, pipeline: ReadablePipeline, user: User, name: str) -> Response:
    """Show what an action will do, and its form."""
    action, opened = _action(name), open_pipeline(request, pipeline)
    runs = latest_runs(AirflowApi(request), [pipeline])[pipeline]
    served = attempt(
        "what serves", lambda: read_served(opened.sources, opened.layout, opened.group)
    )
    choices = attempt("the choices", lambda: _choices(opened, action))
    content = {
        **opened.header("serving"),
        "name": name,
        "action": action,
        "served": served,
        "choices": choices,
        "reads": _reads(opened, action),
        "preselected": _preselected(choices.value or [], served.value),
        "hyperparameters": _hyperparameters(opened.pipeline) if name == "train" else {},
        "usual_seconds": _usual_seconds(runs, action.family),
        "blocked": _blocked(served.value, runs, action),
        "may": may_trigger(user, pipeline, action.family),
    }
    return respond(request, "action.html.jinja", content)


@router.post("/{pipeline}/action/{name}")
def start_action(
    request: Request, pipeline: ReadablePipeline, user: User, name: str, form: Form
) -> Response:
    """Trigger the DAG of an action, and lead to the run's progress."""
    action = _action(name)
    require_trigger(user, pipeline, action.family)
    opened, api = open_pipeline(request, pipeline), AirflowApi(request)
    runs = latest_runs(api, [pipeline])[pipeline]
    blocked = _blocked(read_served(opened.sources, opened.layout, opened.group), runs, action)
    if blocked:
        raise HTTPException(409, blocked)
    why = reason_of(form)
    conf: dict[str, Any] = {}
    if action.field:
        conf[action.field] = number_of(form, "choice")
    if action.takes_reason:
        conf["why"] = why or None
    if name == "train":
        conf |= {field: _value(form, field) for field in TRAINING_FIELDS}
        conf["force"] = True if form.get("force") else None
    run = trigger(api, pipeline, action.family, conf, why)
    return RedirectResponse(addresses.page(pipeline, "run", run.family, run.run_id), 303)


@router.get("/{pipeline}/run/{family}/{run_id}")
def show_run(request: Request, pipeline: ReadablePipeline, family: str, run_id: str) -> Response:
    """Show the progress of a run."""
    opened, api = open_pipeline(request, pipeline), AirflowApi(request)
    path = f"dags/{dag_id(pipeline, _family(family))}/dagRuns/{quote(run_id, safe='')}"
    run = run_view(api.get(path))
    tasks = api.get(f"{path}/taskInstances", limit=100)["task_instances"]
    content = {
        **opened.header("serving"),
        "run": run,
        "tasks": sorted(tasks, key=lambda task: (task["start_date"] or "9", task["task_id"])),
        "unfinished": run.state in UNFINISHED,
    }
    return respond(request, "run.html.jinja", content)


def _action(name: str) -> Action:
    if name not in ACTIONS:
        raise HTTPException(404, f"there is no action {name!r}")
    return ACTIONS[name]


def _family(family: str) -> str:
    if family not in {action.family for action in ACTIONS.values()} | {"im2rec_conversion"}:
        raise HTTPException(404, f"there is no DAG family {family!r}")
    return family


def _choices(opened: PipelinePage, action: Action) -> list[dict[str, Any]]:
    """Return the numbers that a form offers, the newest first, with what a user knows them by."""
    registry = opened.sources.registry
    if action.chooses == "packages":
        packages = registry.page(opened.group).packages
        return [
            {"number": found.version, "when": found.created, "top1": found.number("top1")}
            for found in packages
            if found.approval == "Approved"
        ]
    if action.chooses != "releases":
        return []
    releases = opened.sources.releases.deployments(opened.layout).releases[:CHOICES]
    facts = {found.version: found for found in registry.page(opened.group).packages}
    return [
        {
            "number": release.version,
            "when": release.deployed,
            "top1": facts[release.version].number("top1") if release.version in facts else None,
            "approval": facts[release.version].approval if release.version in facts else "",
        }
        for release in releases
    ]


def _reads(opened: PipelinePage, action: Action) -> str:
    """Return the S3 address whose photos an action reads, or an empty text."""
    layout = opened.layout
    known = {
        "dataset_refresh": opened.pipeline.source.uri or layout.uri(layout.source),
        "batch_inference": layout.uri(layout.incoming),
    }
    return known.get(action.family, "")


def _preselected(choices: Sequence[Mapping[str, Any]], served: Served | None) -> int | None:
    """Return the likeliest choice: the latest that does not serve and was not rejected."""
    package = served.package if served else None
    likely = (
        int(choice["number"])
        for choice in choices
        if choice.get("approval") != "Rejected"
        and (package is None or choice["number"] != package.version)
    )
    return next(likely, None)


def _blocked(served: Served | None, runs: Sequence[RunView], action: Action) -> str:
    """Return why an action cannot start now, or an empty text."""
    endpoint = served.endpoint if served else None
    changes_endpoint = action.family in ("endpoint_update", "endpoint_rollback")
    if changes_endpoint and endpoint and endpoint.status in CHANGING_STATES:
        return (
            f"endpoint {endpoint.name} is {endpoint.status}: another change is under way; wait "
            "until it has ended"
        )
    families = ("endpoint_update", "endpoint_rollback") if changes_endpoint else (action.family,)
    last = (latest_of(runs, family) for family in families)
    running = next((run for run in last if run and run.state in UNFINISHED), None)
    return f"{running.dag_id} runs already, since {running.started}" if running else ""


def _usual_seconds(runs: Sequence[RunView], family: str) -> float | None:
    found = [run.seconds for run in runs if run.family == family and run.state == "success"]
    known = sorted(seconds for seconds in found if seconds is not None)
    return known[len(known) // 2] if known else None


def _hyperparameters(pipeline: Pipeline) -> dict[str, str]:
    present = pipeline.training.hyperparameters.as_request()
    return {name: str(present.get(name, "")) for name in TRAINING_FIELDS}


def _value(form: dict[str, str], field: str) -> int | float | None:
    text = form.get(field, "").strip()
    if not text:
        return None
    try:
        return float(text) if field == "learning_rate" else int(text)
    except ValueError:
        raise HTTPException(400, f"{field} is {text!r}: a number is needed") from None

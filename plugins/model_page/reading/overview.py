"""A pipeline's state in one glance: what it serves, and what needs a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from include.config import Pipeline
from include.contracts.records import DatasetPointer, TrainingDecision
from include.storage.layout import Layout
from model_page.problems import Part, attempt
from model_page.reading.models.registry import PackagePage, PackageView
from model_page.reading.models.releases import Deployment
from model_page.reading.models.serving import EndpointView, Figures, read_figures, serving_package
from model_page.reading.models.traffic import Traffic
from model_page.reading.runs import UNFINISHED, RunView, latest_of
from model_page.reading.sources import Sources
from model_page.reading.together import read_together

TREND = 10
"""Packages in the overview's chart."""

TONES = ("bad", "ask", "fair", "busy", "good", "idle")
"""The order of pipelines: those that need a decision first."""


@dataclass(frozen=True)
class Served:
    """What an endpoint serves; `package` is None if its model is not from the registry."""

    endpoint: EndpointView | None
    package: PackageView | None
    deployment: Deployment | None
    figures: Figures | None


@dataclass(frozen=True)
class State:
    """A pipeline's state: its tone (see `TONES`), a headline and a sentence."""

    tone: str
    headline: str
    detail: str = ""


@dataclass(frozen=True)
class Overview:
    """A pipeline on the overview; parts that cannot be read say why."""

    name: str
    title: str
    description: str
    state: State
    served: Part[Served]
    packages: Part[PackagePage]
    dataset: Part[DatasetPointer]
    decision: Part[TrainingDecision]
    traffic: Part[Traffic]
    runs: list[RunView]

    @property
    def rank(self) -> tuple[int, str]:
        """The position among the pipelines."""
        return TONES.index(self.state.tone), self.name

    @property
    def pending(self) -> PackageView | None:
        """The newest package that waits for approval, or None."""
        return next(iter(_pending(self.packages)), None)

    @property
    def trend(self) -> list[tuple[int, float]]:
        """The top-1 of the newest packages, the oldest first, by their numbers."""
        packages = self.packages.value.packages if self.packages.value else []
        figures = [(package.version, package.number("top1")) for package in reversed(packages)]
        return [(version, top1) for version, top1 in figures if top1 is not None]


def title_of(pipeline: str) -> str:
    """Return a pipeline's name as Airflow's UI shows it: "Stanford Cars"."""
    return pipeline.replace("_", " ").title()


def read_served(sources: Sources, layout: Layout, group: str) -> Served:
    """Return what a pipeline's endpoint serves, when it was deployed and its figures."""
    endpoint = sources.serving.endpoint(group)
    package = serving_package(endpoint, sources.registry, group)
    if package is None:
        return Served(endpoint, None, None, None)
    version, job = package.version, package.training_job
    deployments, figures = read_together(
        lambda: sources.releases.of_package(layout, version),
        lambda: read_figures(sources.objects, layout, job),
    )
    return Served(endpoint, package, deployments.last, figures)


def read_overview(
    sources: Sources, pipeline: Pipeline, runs: Sequence[RunView], now: datetime | None = None
) -> Overview:
    """Return a pipeline's overview.

    Args:
        sources: The installation's readers.
        pipeline: The pipeline.
        runs: The latest runs of its DAGs, the last first.
        now: The time, for the age of the model.
    """
    layout, group = sources.installation.layout(pipeline.name), pipeline.slug
    objects = sources.objects
    served, packages, dataset, decision = read_together(
        lambda: attempt("what serves", lambda: read_served(sources, layout, group)),
        lambda: attempt("the registry", lambda: sources.registry.page(group, size=TREND)),
        lambda: attempt(
            "the dataset",
            lambda: objects.record(layout.dataset_pointer, DatasetPointer, "dataset refresh"),
        ),
        lambda: attempt(
            "the last decision",
            lambda: objects.record(layout.training_decision, TrainingDecision, "nightly training"),
        ),
    )
    return Overview(
        name=pipeline.name,
        title=title_of(pipeline.name),
        description=pipeline.description,
        state=judge_state(pipeline, served, packages, runs, now or datetime.now(UTC)),
        served=served,
        packages=packages,
        dataset=dataset,
        decision=decision,
        traffic=_traffic(sources, served),
        runs=list(runs),
    )


def _traffic(sources: Sources, served: Part[Served]) -> Part[Traffic]:
    endpoint = served.value.endpoint if served.value else None
    return sources.traffic.read(endpoint.name, endpoint.variant) if endpoint else Part(None)


def judge_state(
    pipeline: Pipeline,
    served: Part[Served],
    packages: Part[PackagePage],
    runs: Sequence[RunView],
    now: datetime,
) -> State:
    """Return the state that a user should know first."""
    if served.problem:
        return State("bad", "no answer from AWS", served.problem)
    failed = _failed(runs)
    if failed:
        return State("bad", f"{_words(failed.family)} failed", _when(failed))
    endpoint = served.value.endpoint if served.value else None
    if endpoint and endpoint.status in ("Failed", "OutOfService", "UpdateRollbackFailed"):
        return State("bad", f"the endpoint is {endpoint.status}", endpoint.reason)
    pending = _pending(packages)
    if pending:
        numbers = ", ".join(str(package.version) for package in pending)
        return State("ask", f"candidate {numbers} waits for approval")
    running = [run for run in runs if run.state in UNFINISHED]
    if running:
        return State("busy", f"{_words(running[0].family)} runs", _when(running[0]))
    return _settled(pipeline, served, packages, now)


def _settled(
    pipeline: Pipeline, served: Part[Served], packages: Part[PackagePage], now: datetime
) -> State:
    package = served.value.package if served.value else None
    newest = packages.value.packages[0] if packages.value and packages.value.packages else None
    if package is None:
        return State("idle", "serves nothing yet" if newest is None else "no release yet")
    max_age = pipeline.notifications.max_model_age_days
    age = (now - package.created).days
    if max_age and age > max_age:
        return State("fair", f"the model is {age} days old", f"the limit is {max_age} days")
    if newest and newest.version > package.version and newest.approval == "Rejected":
        return State("fair", f"candidate {newest.version} was kept back", newest.why)
    return State("good", "fine")


def _pending(packages: Part[PackagePage]) -> list[PackageView]:
    known = packages.value.packages if packages.value else []
    return [package for package in known if package.approval == "PendingManualApproval"]


def _failed(runs: Sequence[RunView]) -> RunView | None:
    """Return the first DAG in the order of work whose last run failed, or None."""
    families = dict.fromkeys(run.family for run in reversed(runs))
    last = (latest_of(runs, family) for family in families)
    return next((run for run in last if run and run.state == "failed"), None)


def _words(family: str) -> str:
    return family.replace("_", " ")


def _when(run: RunView) -> str:
    return f"{run.started:%d %b %H:%M} UTC, started by {run.user}" if run.started else run.user

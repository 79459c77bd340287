"""The page of a candidate's evaluation, and the comparison of two packages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from include.storage.layout import Layout
from model_page.access import ReadablePipeline, User, may_trigger
from model_page.context import PipelinePage, open_pipeline
from model_page.problems import attempt
from model_page.reading.models.evaluations import (
    EvaluatedPhoto,
    Flips,
    compare_photos,
    confusion,
    read_photos,
    select_photos,
    threshold_curve,
)
from model_page.reading.models.serving import read_figures
from model_page.reading.names import check_job
from model_page.reading.overview import read_served
from model_page.rendering import respond

router = APIRouter()

PAGE_SIZE = 48
SUSPECT_CONFIDENCE = 0.9
"""A wrong answer that is as sure as this suggests that the label is wrong."""


@router.get("/{pipeline}/mistakes")
def show_present_mistakes(request: Request, pipeline: ReadablePipeline, user: User) -> Response:
    """Show the evaluation of the model that serves, or else of the newest candidate."""
    opened = open_pipeline(request, pipeline)
    served = read_served(opened.sources, opened.layout, opened.group)
    package = served.package
    if package is None:
        newest = opened.sources.registry.page(opened.group).packages
        package = newest[0] if newest else None
    job = package.training_job if package else None
    if job is None:
        content = {**opened.header("mistakes"), "job": None}
        return respond(request, "no_evaluation.html.jinja", content)
    return show_evaluation(request, pipeline, user, job)


@router.get("/{pipeline}/evaluation/{job}")
def show_evaluation(
    request: Request,
    pipeline: ReadablePipeline,
    user: User,
    job: str,
    truth: str = "",
    label: str = "",
    view: str = "mistakes",
    start: int = 0,
) -> Response:
    """Show an evaluation.

    Args:
        request: The request.
        pipeline: The pipeline.
        user: The user.
        job: The candidate's training job.
        truth: A true class to filter by.
        label: A predicted class to filter by.
        view: `mistakes`, `suspects` (wrong and very sure) or `all`.
        start: The position of the first photo to show.
    """
    opened = open_pipeline(request, pipeline)
    check_job(job)
    objects, layout = opened.sources.objects, opened.layout
    photos = attempt("the photos", lambda: read_photos(objects, layout, job))
    known = list((photos.value or {}).values())
    shown = _select(known, truth, label, view)
    start = max(0, min(start, max(0, len(shown) - 1)))
    content = {
        **opened.header("mistakes"),
        "job": job,
        "figures": attempt("the figures", lambda: read_figures(objects, layout, job)),
        "photos": photos.problem,
        "matrix": confusion(known),
        "thresholds": threshold_curve(known),
        "shown": shown[start : start + PAGE_SIZE],
        "total": len(shown),
        "all": len(known),
        "start": start,
        "size": PAGE_SIZE,
        "filter": {"truth": truth, "label": label, "view": view},
        "suspects": len(_select(known, "", "", "suspects")),
        "may_label": may_trigger(user, pipeline, "dataset_refresh"),
    }
    return respond(request, "evaluation.html.jinja", content)


@router.get("/{pipeline}/compare")
def show_comparison(
    request: Request, pipeline: ReadablePipeline, a: int, b: int, start: int = 0
) -> Response:
    """Compare two packages: data, settings, figures, and the photos on which they differ."""
    opened = open_pipeline(request, pipeline)
    packages = [opened.sources.registry.package(opened.group, number) for number in (a, b)]
    for number, package in zip((a, b), packages, strict=True):
        if package is None:
            raise HTTPException(404, f"the registry has no package {number} of {opened.group}")
    jobs = [package.training_job if package else None for package in packages]
    objects, layout = opened.sources.objects, opened.layout
    flips = attempt("the photos", lambda: _flips(opened, layout, jobs))
    content = {
        **opened.header("history"),
        "packages": packages,
        "figures": [
            attempt("the figures", lambda job=job: read_figures(objects, layout, job))  # type: ignore[misc]
            for job in jobs
        ],
        "differences": differences([dict(package.facts) for package in packages if package]),
        "classes": _class_gains(flips.value),
        "flips": flips,
        "start": start,
        "size": PAGE_SIZE,
    }
    return respond(request, "compare.html.jinja", content)


def differences(facts: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """Return the facts that differ between two packages; hyperparameters one by one."""
    first, second = (_flatten(known) for known in facts)
    names = sorted(first.keys() | second.keys())
    rows = [(name, first.get(name, ""), second.get(name, "")) for name in names]
    return [row for row in rows if row[1] != row[2] and row[0] not in ("reason", "fingerprint")]


def _flatten(facts: dict[str, str]) -> dict[str, str]:
    flat = {name: value for name, value in facts.items() if name != "hyperparameters"}
    for setting in facts.get("hyperparameters", "").split():
        name, separator, value = setting.partition("=")
        if separator:
            flat[name] = value
    return flat


def _select(
    photos: list[EvaluatedPhoto], truth: str, label: str, view: str
) -> list[EvaluatedPhoto]:
    selected = select_photos(photos, truth, label, wrong=view != "all" and not (truth and label))
    if view == "suspects":
        return [photo for photo in selected if photo.confidence >= SUSPECT_CONFIDENCE]
    return selected


def _flips(opened: PipelinePage, layout: Layout, jobs: list[str | None]) -> Flips | None:
    tables = [read_photos(opened.sources.objects, layout, job) if job else None for job in jobs]
    before, after = tables
    return compare_photos(before, after) if before and after else None


def _class_gains(flips: Flips | None) -> list[tuple[str, int]]:
    """Return how many more photos of each class are right, the largest changes first."""
    gains: dict[str, int] = {}
    for pairs, step in ((flips.fixed, 1), (flips.broken, -1)) if flips else ():
        for _, after in pairs:
            gains[after.truth] = gains.get(after.truth, 0) + step
    changed: list[tuple[str, Any]] = [(name, gain) for name, gain in gains.items() if gain]
    return sorted(changed, key=lambda item: (-abs(item[1]), item[0]))[:20]

"""Dataset versions: counts, changes, quarantine, and the version's own page."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from include.contracts.records import DatasetPointer, DatasetReport
from model_page.access import ReadablePipeline, User, may_trigger
from model_page.context import PipelinePage, open_pipeline
from model_page.embedding import stream_page
from model_page.problems import attempt
from model_page.reading.names import VERSION, check_version
from model_page.rendering import respond

router = APIRouter()

MAX_EARLIER = 8
QUARANTINE_SHOWN = 100


@router.get("/{pipeline}/data")
def show_current_data(request: Request, pipeline: ReadablePipeline, user: User) -> Response:
    """Show the current dataset version."""
    opened = open_pipeline(request, pipeline)
    pointer = opened.sources.objects.record(
        opened.layout.dataset_pointer, DatasetPointer, "dataset refresh"
    )
    if pointer is None:
        return respond(request, "no_data.html.jinja", {**opened.header("data")})
    return show_data(request, pipeline, user, pointer.version)


@router.get("/{pipeline}/data/{version}")
def show_data(request: Request, pipeline: ReadablePipeline, user: User, version: str) -> Response:
    """Show a dataset version."""
    opened = open_pipeline(request, pipeline)
    check_version(version)
    report = _report(opened, version)
    if report is None:
        raise HTTPException(404, f"there is no dataset version {version}")
    content = {
        **opened.header("data"),
        "report": report,
        "changes": (report.model_extra or {}).get("changes") or {},
        "leaks": (report.model_extra or {}).get("leaks"),
        "earlier": attempt("earlier versions", lambda: _earlier(opened, report)),
        "quarantine": attempt("the quarantine", lambda: _quarantine(opened, version)),
        "may_refresh": may_trigger(user, pipeline, "dataset_refresh"),
    }
    return respond(request, "data.html.jinja", content)


@router.get("/{pipeline}/data/{version}/page")
def show_dataset_page(request: Request, pipeline: ReadablePipeline, version: str) -> Response:
    """Stream the version's own page, which may run its scripts but reach nothing."""
    opened = open_pipeline(request, pipeline)
    check_version(version)
    return stream_page(opened.sources.objects, opened.layout.dataset_page(version))


def _report(opened: PipelinePage, version: str) -> DatasetReport | None:
    key = opened.layout.dataset_report(version)
    return opened.sources.objects.record(key, DatasetReport, "dataset refresh")


def _earlier(opened: PipelinePage, report: DatasetReport) -> list[DatasetReport]:
    """Return the versions before, by each version's record of the previous one."""
    found: list[DatasetReport] = []
    previous = report.previous
    while previous and len(found) < MAX_EARLIER and VERSION.fullmatch(previous):
        earlier = _report(opened, previous)
        if earlier is None or any(known.version == earlier.version for known in found):
            break
        found.append(earlier)
        previous = earlier.previous
    return found


def _quarantine(opened: PipelinePage, version: str) -> dict[str, Any]:
    """Return the number of quarantined files by reason, and the first of them."""
    key = f"{opened.layout.dataset(version)}quarantine.jsonl"
    rows: list[dict[str, Any]] = opened.sources.objects.parse(key, _json_lines) or []
    reasons: dict[str, int] = {}
    for row in rows:
        reason = str(row.get("reason", "unknown"))
        reasons[reason] = reasons.get(reason, 0) + 1
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return {"reasons": ordered, "rows": rows[:QUARANTINE_SHOWN], "total": len(rows)}


def _json_lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines() if line.strip()]

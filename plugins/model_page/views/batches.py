"""Batches: the list, and the page of one batch with gallery and downloads."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import StreamingResponse

from include.contracts.records import BatchRecord
from include.decisions.batch.drift import drift_warning
from model_page.access import ReadablePipeline, User, may_trigger
from model_page.context import open_pipeline
from model_page.embedding import stream_page
from model_page.problems import attempt
from model_page.reading.names import check_batch
from model_page.reading.objects import MEGABYTE
from model_page.reading.photos.batches import DOWNLOADS, PAGE_SIZE, read_rows, uncertain_photos
from model_page.rendering import respond

router = APIRouter()

MAX_DOWNLOAD_BYTES = 1024 * MEGABYTE
UNREADABLE_SHOWN = 100
UNCERTAIN_SHOWN = 12


@router.get("/{pipeline}/batches")
def show_batches(
    request: Request, pipeline: ReadablePipeline, user: User, start: int = 0
) -> Response:
    """Show a page of batches, newest first."""
    opened = open_pipeline(request, pipeline)
    names = attempt("the batches", lambda: opened.sources.batches.names(opened.layout))
    known = names.value or []
    start = max(0, min(start, len(known)))
    shown = known[start : start + PAGE_SIZE]
    content = {
        **opened.header("batches"),
        "problem_text": names.problem,
        "rows": read_rows(opened.sources.objects, opened.layout, shown),
        "total": len(known),
        "start": start,
        "size": PAGE_SIZE,
        "limits": opened.pipeline.batch.drift,
        "may_predict": may_trigger(user, pipeline, "batch_inference"),
    }
    return respond(request, "batches.html.jinja", content)


@router.get("/{pipeline}/batches/{batch}")
def show_batch(request: Request, pipeline: ReadablePipeline, batch: str) -> Response:
    """Show a batch: counts, drift, unreadable and uncertain photos, gallery, downloads."""
    opened = open_pipeline(request, pipeline)
    check_batch(batch)
    objects, layout = opened.sources.objects, opened.layout
    key = layout.batch_record(batch)
    record = attempt("batch.json", lambda: objects.record(key, BatchRecord, "batch inference"))
    row = read_rows(objects, layout, [batch])[0]
    if record.value is None and row.report.value is None and not record.problem:
        raise HTTPException(404, f"batch {batch} has no report: it still runs, or was deleted")
    uncertain = attempt("uncertain photos", lambda: uncertain_photos(objects, layout, batch))
    limits = opened.pipeline.batch.drift
    content = {
        **opened.header("batches"),
        "row": row,
        "record": record,
        "drift": drift_warning(limits, record.value) if record.value else None,
        "limits": limits,
        "unreadable": list((record.value.unreadable if record.value else {}).items())[
            :UNREADABLE_SHOWN
        ],
        "uncertain": uncertain,
        "uncertain_shown": (uncertain.value or [])[:UNCERTAIN_SHOWN],
        "downloads": list(DOWNLOADS),
    }
    return respond(request, "batch.html.jinja", content)


@router.get("/{pipeline}/batches/{batch}/gallery")
def show_gallery(request: Request, pipeline: ReadablePipeline, batch: str) -> Response:
    """Stream a batch's gallery."""
    opened = open_pipeline(request, pipeline)
    check_batch(batch)
    folder = opened.layout.batch_report(batch)
    return stream_page(opened.sources.objects, f"{folder}gallery.html")


@router.get("/{pipeline}/batches/{batch}/download/{name}")
def download(request: Request, pipeline: ReadablePipeline, batch: str, name: str) -> Response:
    """Stream one of a batch's tables as a download."""
    opened = open_pipeline(request, pipeline)
    check_batch(batch)
    if name not in DOWNLOADS:
        raise HTTPException(404, f"{name!r} is no table: {', '.join(DOWNLOADS)} are")
    key = f"{opened.layout.batch_report(batch)}{name}"
    found = opened.sources.objects.stream(key, MAX_DOWNLOAD_BYTES)
    if found is None:
        raise HTTPException(404, f"{name} of batch {batch} is gone, or not written yet")
    headers = {
        "Content-Disposition": f'attachment; filename="{pipeline}-{batch}-{name}"',
        "Content-Length": str(found.size),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(found.chunks, media_type=DOWNLOADS[name], headers=headers)

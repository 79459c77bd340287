"""Photos of a dataset and of incoming/, streamed from S3 by their keys.

A stored photo is named by its content; nothing else below the bucket can be reached.
"""

from __future__ import annotations

import re

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import StreamingResponse

from include.contracts.limits import MAX_PIXELS
from include.contracts.records.label import file_problem
from model_page.access import ReadablePipeline
from model_page.context import open_pipeline

router = APIRouter()

IMAGE_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.(jpg|png)")
MAX_BYTES = MAX_PIXELS
"""A photo of the largest allowed size takes less than a byte a pixel."""

TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
}


@router.get("/{pipeline}/photo/{folder}/{name}")
def show_photo(request: Request, pipeline: ReadablePipeline, folder: str, name: str) -> Response:
    """Stream a stored photo by its content key."""
    key = f"{folder}/{name}"
    if not IMAGE_KEY.fullmatch(key):
        raise HTTPException(404, f"{key!r} is no key of a stored photo")
    layout = open_pipeline(request, pipeline).layout
    return _stream(request, pipeline, layout.image(key), "private, max-age=86400, immutable")


@router.get("/{pipeline}/incoming-photo")
def show_incoming_photo(request: Request, pipeline: ReadablePipeline, file: str) -> Response:
    """Stream a photo of incoming/ by its name below that folder."""
    if file_problem(file) or file.startswith("s3://"):
        raise HTTPException(404, f"{file!r} is no name of an incoming photo")
    layout = open_pipeline(request, pipeline).layout
    return _stream(request, pipeline, f"{layout.incoming}{file}", "private, max-age=60")


def _stream(request: Request, pipeline: str, key: str, cache: str) -> Response:
    suffix = key.rpartition(".")[2].lower()
    if suffix not in TYPES:
        raise HTTPException(404, f"{key} is no photo that a browser shows")
    found = open_pipeline(request, pipeline).sources.objects.stream(key, MAX_BYTES)
    if found is None:
        raise HTTPException(404, f"the photo {key} is gone")
    headers = {**HEADERS, "Cache-Control": cache, "Content-Length": str(found.size)}
    return StreamingResponse(found.chunks, media_type=TYPES[suffix], headers=headers)

"""HTML pages of jobs, shown in a sandbox: they run their own scripts and reach nothing else."""

from __future__ import annotations

from fastapi import HTTPException, Response
from starlette.responses import StreamingResponse

from model_page.reading.objects import MEGABYTE, ObjectReader

MAX_PAGE_BYTES = 64 * MEGABYTE
"""A gallery of 1,200 thumbnails has about 20 MB."""

SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; frame-ancestors 'self'"
)
"""Without `allow-same-origin`: a page has no session, even if it is opened by itself."""


def stream_page(objects: ObjectReader, key: str) -> Response:
    """Return a page of a job.

    Raises:
        HTTPException: 404 if there is none.
        UnreadableError: The page is too large to be shown.
    """
    found = objects.stream(key, MAX_PAGE_BYTES)
    if found is None:
        raise HTTPException(404, f"s3://{objects.bucket}/{key} is gone, or not written yet")
    headers = {
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "private, max-age=60",
        "Content-Length": str(found.size),
    }
    return StreamingResponse(found.chunks, media_type="text/html; charset=utf-8", headers=headers)

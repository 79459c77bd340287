"""Try a photo: the endpoint classifies a photo that the user drops on the page."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.responses import JSONResponse

from include.contracts.content_types import IMAGE_TYPE
from include.contracts.limits import MAX_REAL_TIME_BYTES
from model_page import csrf
from model_page.access import ReadablePipeline, User, may_trigger, require_trigger
from model_page.context import PipelinePage, open_pipeline
from model_page.forms import read_body
from model_page.problems import attempt, explain
from model_page.reading.overview import read_served
from model_page.rendering import respond

router = APIRouter()

BEST = 5
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""How a JPEG and a PNG begin."""


@router.get("/{pipeline}/try")
def show_try(request: Request, pipeline: ReadablePipeline, user: User) -> Response:
    """Show the form."""
    opened = open_pipeline(request, pipeline)
    content = {
        **opened.header("try"),
        "served": attempt(
            "what serves", lambda: read_served(opened.sources, opened.layout, opened.group)
        ),
        "largest": MAX_REAL_TIME_BYTES,
        "may": may_trigger(user, pipeline, "batch_inference"),
    }
    return respond(request, "try.html.jinja", content)


async def read_photo(request: Request, user: User) -> bytes:
    """Return the photo in a request's body, if the request comes from this application.

    Raises:
        HTTPException: 403 from elsewhere, 413 if it is too large, 415 if it is no JPEG or PNG.
    """
    csrf.check_request(request, {}, request.app.state.secret(request), str(user.get_id()))
    photo = await read_body(request, MAX_REAL_TIME_BYTES)
    if not photo.startswith(MAGIC):
        raise HTTPException(415, "the file is no photo: JPEG and PNG are classified")
    return photo


@router.post("/{pipeline}/try")
def classify(
    request: Request,
    pipeline: ReadablePipeline,
    user: User,
    photo: Annotated[bytes, Depends(read_photo)],
) -> Response:
    """Classify the photo in the request's body with the endpoint; the answer is JSON."""
    require_trigger(user, pipeline, "batch_inference")
    return JSONResponse(_classify(open_pipeline(request, pipeline), photo))


def _classify(opened: PipelinePage, photo: bytes) -> dict[str, Any]:
    served = read_served(opened.sources, opened.layout, opened.group)
    if served.package is None:
        raise HTTPException(409, "no model of the registry serves: nothing can be tried yet")
    started = time.perf_counter()
    try:
        response = opened.sources.installation.runtime.invoke_endpoint(
            EndpointName=opened.group, ContentType=IMAGE_TYPE, Body=photo
        )
        answer = json.loads(response["Body"].read(1024 * 1024))
    except Exception as error:
        raise HTTPException(502, f"the endpoint did not answer: {_reason(error)}") from error
    seconds = time.perf_counter() - started
    probabilities = answer["prediction"] if isinstance(answer, dict) else answer
    classes = _classes(opened, served.package.facts.get("dataset_version", ""))
    if len(probabilities) != len(classes):
        raise HTTPException(
            502,
            f"the endpoint answered {len(probabilities)} probabilities, and the model's dataset "
            f"version has {len(classes)} classes",
        )
    ranked = sorted(zip(probabilities, classes, strict=True), reverse=True)[:BEST]
    return {
        "package": served.package.version,
        "milliseconds": round(seconds * 1000),
        "guesses": [{"label": label, "probability": chance} for chance, label in ranked],
    }


def _classes(opened: PipelinePage, version: str) -> list[str]:
    found = opened.sources.objects.json(opened.layout.dataset_classes(version)) if version else None
    return [str(name) for name in found or []]


def _reason(error: Exception) -> str:
    return explain(error) or f"{type(error).__name__}: {error}"

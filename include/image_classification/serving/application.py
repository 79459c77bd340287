"""The HTTP application: /ping, /invocations and /execution-parameters."""

import asyncio
import os
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.image_classification.serving.photo import PhotoError, read_photo
from include.image_classification.squash import Image

IMAGE_TYPES = ("image/jpeg", "image/png", "application/x-image")
CONCURRENCY = 2
PAYLOAD_MB = 20
"""Told to batch transform; concurrency times payload must not exceed 100."""

MAX_BODY = 100 * 1024 * 1024


class Classifier(Protocol):
    """What the application needs of a model."""

    shape: tuple[int, int, int]

    def probabilities(self, image: Image) -> NDArray[np.float32]:
        """Return the probability of each class."""


def make_application(model: Classifier, *, batch: bool) -> Starlette:
    """Return the ASGI application around a loaded model.

    In real time the answer is a bare list of probabilities; with `batch`, as batch transform
    stores it, `{"prediction": [...]}`. Errors are JSON: `{"error": "..."}`.
    """

    def classify(body: bytes) -> Any:
        answer = model.probabilities(read_photo(body, model.shape[0])).tolist()
        return {"prediction": answer} if batch else answer

    async def invocations(request: Request) -> Response:
        _check_type(request.headers.get("content-type", ""))
        body = await _body(request)
        try:
            # In a thread, so that /ping is answered while an image is computed.
            return JSONResponse(await asyncio.to_thread(classify, body))
        except PhotoError as error:
            raise HTTPException(400, str(error)) from None

    return Starlette(
        routes=[
            Route("/ping", _ping),
            Route("/execution-parameters", _execution_parameters),
            Route("/invocations", invocations, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _refuse},
    )


async def _ping(_: Request) -> Response:
    # The model is loaded before the server listens: whoever gets an answer gets this one.
    return JSONResponse({"status": "healthy"})


async def _execution_parameters(_: Request) -> Response:
    return JSONResponse(
        {
            "MaxConcurrentTransforms": min(CONCURRENCY, os.cpu_count() or 1),
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": PAYLOAD_MB,
        }
    )


def _check_type(header: str) -> None:
    kind = header.split(";")[0].strip().lower()
    if kind not in IMAGE_TYPES:
        allowed = ", ".join(IMAGE_TYPES)
        raise HTTPException(415, f"content type {kind or 'missing'}: send one of {allowed}")


async def _body(request: Request) -> bytes:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY:
            raise HTTPException(413, f"the body is larger than {MAX_BODY} bytes")
    return bytes(received)


async def _refuse(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else str(error)
    return JSONResponse({"error": detail}, status)

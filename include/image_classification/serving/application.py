"""The HTTP application: /ping, /invocations and /execution-parameters."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.contracts.content_types import RECORD_TYPE
from include.image_classification.images.resizing import Image
from include.image_classification.serving.answers import Answers, WishError, read_wish
from include.image_classification.serving.batcher import Batcher
from include.image_classification.serving.bodies import TYPES, photos
from include.image_classification.serving.limits import Limits
from include.image_classification.serving.network import SIZES, next_batch
from include.image_classification.serving.photo import PhotoError, read_photo

ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
AT_HAND = 64
"""Requests whose bodies are in memory; more wait with their bodies unread."""

Rows = list[NDArray[np.float32]]


class Classifier(Protocol):
    """What the application needs of a model."""

    shape: tuple[int, int, int]
    names: Sequence[str] | None

    def probabilities(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Return images x classes for images of the model's shape; one thread calls this."""


def make_application(model: Classifier, limits: Limits, threads: int) -> Starlette:
    """Return the ASGI application around a loaded model.

    In real time the answer is a bare list of probabilities; for batch transform, as it is stored,
    `{"prediction": [...]}`. Errors are JSON: `{"error": "..."}`. `threads` decode photos while
    the network computes.
    """
    return _Application(model, limits, threads).starlette()


class _Application:
    def __init__(self, model: Classifier, limits: Limits, threads: int) -> None:
        self._shape, self._limits = model.shape, limits
        self._answers = Answers(model.names, batch=limits.batch)
        self._batcher = Batcher(model.probabilities, next_batch, SIZES[-1], threads)
        self._at_hand = asyncio.Semaphore(AT_HAND)

    def starlette(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/ping", _ping),
                Route("/execution-parameters", self._execution_parameters),
                Route("/invocations", self._invocations, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _refuse, Exception: _failed},
        )

    async def _execution_parameters(self, _: Request) -> Response:
        return JSONResponse(self._limits.execution_parameters())

    async def _invocations(self, request: Request) -> Response:
        try:
            kind = _content_type(request.headers.get("content-type", ""))
            wish = read_wish(request.headers.get("accept", ""), request.headers.get(ATTRIBUTES, ""))
            self._answers.check(wish)
            async with self._at_hand:
                rows = await self._classify(await self._body(request), kind)
            body = self._answers.write(rows, wish, several=kind == RECORD_TYPE)
        except PhotoError as error:
            raise HTTPException(400, str(error)) from None
        except WishError as error:
            raise HTTPException(error.status, str(error)) from None
        return Response(body, media_type=wish.form)

    async def _classify(self, body: bytes, kind: str) -> Rows:
        contents = photos(body, kind)
        rows: Rows = []
        # A few at a time: many small photos would unfold to much memory.
        for some in _portions(contents, 2 * SIZES[-1]):
            first = len(rows)
            named = len(contents) > 1
            rows += await asyncio.gather(
                *(self._one(each, f"record {first + i}: " if named else "") for i, each in some)
            )
        return rows

    async def _one(self, content: bytes, name: str) -> NDArray[np.float32]:
        decode = partial(read_photo, content, self._shape)
        try:
            return await asyncio.wrap_future(self._batcher.submit(decode))
        except PhotoError as error:
            raise PhotoError(f"{name}{error}") from None

    async def _body(self, request: Request) -> bytes:
        most = self._limits.largest_body
        received = bytearray()
        async for chunk in request.stream():
            received += chunk
            if len(received) > most:
                raise HTTPException(413, f"the body is larger than {most} bytes")
        return bytes(received)


def _portions(contents: Sequence[bytes], size: int) -> Iterator[list[tuple[int, bytes]]]:
    for start in range(0, len(contents), size):
        yield list(enumerate(contents[start : start + size]))


async def _ping(_: Request) -> Response:
    # The model is loaded before the server listens: whoever gets an answer gets this one.
    return JSONResponse({"status": "healthy"})


def _content_type(header: str) -> str:
    kind = header.split(";")[0].strip().lower()
    if kind not in TYPES:
        raise HTTPException(
            415, f"content type {kind or 'missing'}: send one of {', '.join(TYPES)}"
        )
    return kind


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _failed(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 500)

"""HTTP application with the routes /ping, /invocations and /execution-parameters."""

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
from include.image_classification.serving.answers import (
    AnswerFormatError,
    AnswerWriter,
    Row,
    Unreadable,
    parse_answer_format,
)
from include.image_classification.serving.batcher import Batcher
from include.image_classification.serving.bodies import TYPES, split_body
from include.image_classification.serving.limits import Limits
from include.image_classification.serving.network import SIZES, next_batch
from include.image_classification.serving.photo import PhotoError, read_photo

ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
MAX_REQUESTS = 64
"""How many requests have their bodies in memory. The bodies of further requests are not read."""


class Classifier(Protocol):
    """A loaded model."""

    shape: tuple[int, int, int]
    names: Sequence[str] | None

    def probabilities(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Return images x classes for images of the model's shape. Called by one thread only."""


def make_application(model: Classifier, limits: Limits, threads: int) -> Starlette:
    """Return the ASGI application for a loaded model.

    In real-time inference the response is a list of probabilities, in batch transform
    `{"prediction": [...]}`. Errors have the form `{"error": "..."}`. In batch transform, a photo
    that cannot be read gets this form with status 200, because SageMaker fails the whole job for
    any other status.

    Args:
        model: The model.
        limits: The size limits of requests.
        threads: The number of threads that decode photos while the network computes.
    """
    return _Application(model, limits, threads).starlette()


class _Application:
    def __init__(self, model: Classifier, limits: Limits, threads: int) -> None:
        self._shape, self._limits = model.shape, limits
        self._answers = AnswerWriter(model.names, batch=limits.batch)
        self._batcher = Batcher(model.probabilities, next_batch, SIZES[-1], threads)
        self._in_memory = asyncio.Semaphore(MAX_REQUESTS)

    def starlette(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/ping", _ping),
                Route("/execution-parameters", self._execution_parameters),
                Route("/invocations", self._invocations, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _client_error, Exception: _server_error},
        )

    async def _execution_parameters(self, _: Request) -> Response:
        return JSONResponse(self._limits.execution_parameters())

    async def _invocations(self, request: Request) -> Response:
        try:
            kind = _content_type(request.headers.get("content-type", ""))
            requested = parse_answer_format(
                request.headers.get("accept", ""), request.headers.get(ATTRIBUTES, "")
            )
            self._answers.check(requested)
            async with self._in_memory:
                rows = await self._classify(await self._read_body(request), kind)
            body = self._answers.write(rows, requested, several=kind == RECORD_TYPE)
        except PhotoError as error:
            raise HTTPException(400, str(error)) from None
        except AnswerFormatError as error:
            raise HTTPException(error.status, str(error)) from None
        return Response(body, media_type=requested.media_type)

    async def _classify(self, body: bytes, kind: str) -> list[Row]:
        contents = split_body(body, kind)
        rows: list[Row] = []
        # Decoding many small photos at once would take much memory.
        for chunk in _chunks(contents, 2 * SIZES[-1]):
            prefixes = [f"record {len(rows) + i}: " for i in range(len(chunk))]
            if len(contents) == 1:
                prefixes = [""]
            rows += await asyncio.gather(*map(self._classify_photo, chunk, prefixes))
        return rows

    async def _classify_photo(self, content: bytes, prefix: str) -> Row:
        decode = partial(read_photo, content, self._shape)
        try:
            return await asyncio.wrap_future(self._batcher.submit(decode))
        except PhotoError as error:
            if self._limits.batch:
                return Unreadable(str(error))
            raise PhotoError(f"{prefix}{error}") from None

    async def _read_body(self, request: Request) -> bytes:
        limit = self._limits.largest_body
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise HTTPException(413, f"the body is larger than the limit of {limit} bytes")
        return bytes(body)


def _chunks(contents: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(contents), size):
        yield contents[start : start + size]


async def _ping(_: Request) -> Response:
    # The server listens only once the model is loaded, so it is healthy.
    return JSONResponse({"status": "healthy"})


def _content_type(header: str) -> str:
    kind = header.split(";")[0].strip().lower()
    if kind not in TYPES:
        raise HTTPException(
            415, f"content type {kind or 'missing'} is not supported: use one of {', '.join(TYPES)}"
        )
    return kind


async def _client_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _server_error(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 500)

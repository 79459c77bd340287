"""InvokeEndpoint: pass a request on to a process of the endpoint."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from include.local_aws import bodies
from include.local_aws.endpoints.endpoint import KIND
from include.local_aws.endpoints.instance import Instance
from include.local_aws.observability.logs import endpoint_group
from include.local_aws.services import Services
from include.local_aws.settings import ACCOUNT, REGION

if TYPE_CHECKING:
    from include.local_aws.api.endpoints.connections import Answer, ModelConnections

_log = logging.getLogger(__name__)
_CONNECTIONS = "include.local_aws.api.endpoints.connections"
_LARGEST = 6_291_456  # bytes of a request
_TIMEOUT = 60.0
_VARIANT = "x-amzn-invoked-production-variant"
_PASSED = ("content-type", "accept")
_PASSED_PREFIX = "x-amzn-sagemaker-"
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
_SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack")


class SageMakerRuntime:
    """The SageMaker Runtime API, over kept connections to the model servers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._connections: ModelConnections | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._connections is not None:
            await self._connections.close()

    async def invoke(self, request: Request, path_name: str) -> Response:
        """Answer POST /endpoints/<name>/invocations."""
        started = time.perf_counter()
        name = unquote(path_name)
        body = await bodies.read(request, _LARGEST)
        if body is None:
            message = f"HTTP content length exceeded {_LARGEST} bytes."
            return JSONResponse({"message": message}, status_code=413)
        variant = request.headers.get("x-amzn-sagemaker-target-variant")
        with self._services.endpoints.reserve_instance(name, variant) as instance:
            if instance is None:
                return self._no_instance(name, variant)
            return await self._forward(request, body, name, instance, started)

    def _no_instance(self, name: str, variant: str | None) -> Response:
        """Return the error for a request that no process can take."""
        endpoint = self._services.store.get(KIND, name)
        if endpoint is None or endpoint["EndpointStatus"] not in _SERVING:
            return _error("ValidationError", f"Endpoint {name} of account {ACCOUNT} not found.")
        if variant and variant not in [v["name"] for v in endpoint["_variants"]]:
            return _error("ValidationError", f"Variant {variant} of endpoint {name} not found.")
        message = f"No instance of endpoint {name} is healthy; try again."
        return _error("ServiceUnavailable", message, status=503)

    async def _forward(
        self, request: Request, body: bytes, name: str, instance: Instance, started: float
    ) -> Response:
        """Pass the request on, and record its metrics."""
        connections = await self._connect()
        sent = time.perf_counter()
        status, response = await _answer(connections, request, body, name, instance)
        answered = time.perf_counter()
        instance.answered += status > 0
        instance.meter.record(status or 500, answered - sent, sent - started)
        return response

    async def _connect(self) -> ModelConnections:
        """Return the connections, created by the first request: importing aiohttp takes 0.4 s."""
        if self._connections is None:
            module = await asyncio.to_thread(importlib.import_module, _CONNECTIONS)
            self._connections = self._connections or module.ModelConnections()
        return self._connections


async def _answer(
    connections: ModelConnections, request: Request, body: bytes, name: str, instance: Instance
) -> tuple[int, Response]:
    """Return the container's status, or 0 if it did not answer, and the response to the caller."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            answer = await connections.post(instance.server.port, _headers(request), body)
    except TimeoutError:
        return 0, _model_error(name, 0, _TIMED_OUT)
    except OSError as error:
        _log.warning("endpoint %s did not answer: %r", name, error)
        return 0, _model_error(name, 0, f"The container closed the connection: {error}")
    if answer.status >= 400:
        text = answer.body.decode("utf-8", "replace")
        return answer.status, _model_error(name, answer.status, text)
    return answer.status, _response(answer, instance.variant)


def _headers(request: Request) -> dict[str, str]:
    return {
        name: value
        for name, value in request.headers.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIX)
    }


def _response(answer: Answer, variant: str) -> Response:
    headers = {k: v for k, v in answer.headers.items() if k.startswith(_PASSED_PREFIX)}
    headers[_VARIANT] = variant
    return Response(
        answer.body,
        status_code=200,
        headers=headers,
        media_type=answer.headers.get("content-type"),
    )


def _error(code: str, message: str, status: int = 400) -> JSONResponse:
    return JSONResponse(
        {"message": message}, status_code=status, headers={"x-amzn-errortype": code}
    )


def _model_error(name: str, status: int, message: str) -> JSONResponse:
    side = "client" if 400 <= status < 500 else "server"
    group = endpoint_group(name)
    content = {
        "Message": f'Received {side} error ({status}) from primary with message "{message}". '
        f"See the log group {group} for more information.",
        "OriginalStatusCode": status,
        "OriginalMessage": message,
        "LogStreamArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}",
    }
    return JSONResponse(content, status_code=424, headers={"x-amzn-errortype": "ModelError"})

"""The server on one HTTP port: it routes each request to the service that its signature names."""

import contextlib
import json
import logging
import re
from typing import Any

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from include.local_aws import bodies
from include.local_aws.access.client_files import describe_key_location
from include.local_aws.access.error_responses import error_response
from include.local_aws.access.request_guard import RequestGuard
from include.local_aws.access.signatures import Signatures
from include.local_aws.api import iam
from include.local_aws.api.endpoints.sagemaker_runtime import SageMakerRuntime
from include.local_aws.api.logs import LogsApi, is_sagemaker_group
from include.local_aws.api.sagemaker import SageMaker
from include.local_aws.errors import ApiError
from include.local_aws.observability.cloudwatch.publishing import publish
from include.local_aws.observability.cloudwatch.serving import CloudWatch
from include.local_aws.observability.cloudwatch.training import TrainingMetrics
from include.local_aws.observability.moto_app import Moto
from include.local_aws.services import Services
from include.local_aws.status.page import StatusPage

_log = logging.getLogger(__name__)
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/[^/,]+/([^/,]+)/aws4_request")
_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")
_TARGET = "SageMaker."
_JSON = "application/x-amz-json-1.1"


class Server:
    """The ASGI application.

    Requests other than those for /health and the status page must be signed with the server's
    keys in the Authorization header. Other users do not have these keys, and a web page cannot set
    the header for another site. The request guard refuses what web pages send without it.
    """

    def __init__(self, services: Services, s3_endpoint_url: str) -> None:
        self._services = services
        self._s3_endpoint_url = s3_endpoint_url
        self._sagemaker = SageMaker(services)
        self._logs = LogsApi(services.runtime.logs)
        self._sagemaker_runtime = SageMakerRuntime(services)
        settings = services.runtime.settings
        self._guard = RequestGuard(settings)
        self._signatures = Signatures(settings.credentials, describe_key_location(settings))
        self._status = StatusPage(services, s3_endpoint_url)
        training = TrainingMetrics(services.store)
        self._moto = Moto(lambda: publish(services.runtime.metrics, training))
        self._cloudwatch = CloudWatch(self._moto, services.runtime.alarms)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        exchange = bodies.Exchange(scope["headers"], receive, send)
        request = Request(scope, exchange.receive)
        with contextlib.suppress(ClientDisconnect):
            try:
                response = await self._respond(request)
            except ApiError as error:
                response = error_response(request, error)
            await response(scope, exchange.receive, exchange.send)

    async def close(self) -> None:
        """Close the connections to the model servers."""
        await self._sagemaker_runtime.close()

    async def _respond(self, request: Request) -> Any:
        self._guard.check(request)
        service = _service(request)
        if service is None:
            return await self._unsigned(request)
        if service == "s3":
            return self._s3_response()
        return await self._serve(service, await self._signatures.verify(request))

    async def _unsigned(self, request: Request) -> Response:
        if request.scope["path"] == "/health":
            return JSONResponse(self._health())
        page = await self._status.respond(request)
        if page is not None:
            return page
        raise ApiError(
            "the request is not signed", code="MissingAuthenticationTokenException", status=403
        )

    async def _serve(self, service: str, request: Request) -> Any:
        if service == "sagemaker":
            return await self._sagemaker_response(request)
        body = await _body(request)
        if service == "logs":
            payload = _parse(body)
            if is_sagemaker_group(payload):
                return await _run(self._logs.call, _operation(request), payload)
        if service == "iam" and (response := iam.respond(body)) is not None:
            return Response(response, media_type="text/xml")
        return _WithBody(self._cloudwatch if service == "monitoring" else self._moto, body)

    async def _sagemaker_response(self, request: Request) -> Response:
        invocation = _INVOCATIONS.fullmatch(request.scope["path"])
        if invocation:
            return await self._sagemaker_runtime.invoke(request, invocation[1])
        target = request.headers.get("x-amz-target")
        if not (target or "").startswith(_TARGET):
            name = f"{request.method} {request.url.path}" if target is None else target[:100]
            return _error("UnknownOperationException", f"local_aws does not support {name}", 404)
        payload = _parse(await _body(request))
        if not isinstance(payload, dict):
            return _error("SerializationException", "the request is not a JSON object")
        return await _run(self._sagemaker.call, _operation(request), payload)

    def _health(self) -> dict[str, Any]:
        return {
            "status": "ok",
            "s3_endpoint_url": self._s3_endpoint_url,
            "isolation": str(self._services.runtime.isolation),
            "root": str(self._services.runtime.settings.root),
        }

    def _s3_response(self) -> Response:
        message = f"S3 is not served on this port: set AWS_ENDPOINT_URL_S3={self._s3_endpoint_url}"
        content = f"<Error><Code>WrongEndpoint</Code><Message>{message}</Message></Error>"
        return Response(content, status_code=400, media_type="application/xml")


class _WithBody:
    """An ASGI application that gets a body which the server has already read."""

    def __init__(self, app: Any, body: bytes) -> None:
        self._app = app
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, bodies.replay(self._body, receive), send)


async def _run(call: Any, operation: str, payload: dict[str, Any]) -> Response:
    """Run a blocking operation in a thread, and turn every exception into an AWS error."""
    try:
        answer = await anyio.to_thread.run_sync(call, operation, payload)
    except ApiError as error:
        return _error(error.code, error.message, error.status)
    except Exception as error:
        _log.exception("%s failed", operation)
        return _error("InternalFailure", f"{type(error).__name__}: {error}", 500)
    return Response(json.dumps(answer), media_type=_JSON)


def _service(request: Request) -> str | None:
    """Return the service that the signature names.

    A presigned URL is accepted for S3 only, and is answered with the address of S3. For other
    services it is refused, since any web page could send a browser to such a URL.
    """
    found = _SCOPE.search(request.headers.get("authorization", ""))
    if found:
        return found[1]
    presigned = request.query_params.get("X-Amz-Credential", "")
    return "s3" if presigned.endswith("/s3/aws4_request") else None


async def _body(request: Request) -> bytes:
    body = await bodies.read(request)
    if body is None:
        message = f"the request is larger than {bodies.LARGEST} bytes"
        raise ApiError(message, code="RequestEntityTooLarge", status=413)
    return body


def _operation(request: Request) -> str:
    return request.headers.get("x-amz-target", "").rpartition(".")[2]


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None


def _error(code: str, message: str, status: int = 400) -> Response:
    content = json.dumps({"__type": code, "message": message})
    return Response(content, status_code=status, media_type=_JSON)

"""The one HTTP port: tells by the signature which service a request is for."""

import contextlib
import json
import logging
import re
import threading
from typing import Any

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from include.local_aws import bodies
from include.local_aws.api.logs import LogsApi, is_ours
from include.local_aws.api.runtime import Runtime
from include.local_aws.api.sagemaker import SageMaker
from include.local_aws.errors import ApiError
from include.local_aws.moto_app import moto_app
from include.local_aws.services import Services
from include.local_aws.signatures import Signatures

_log = logging.getLogger(__name__)
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/[^/,]+/([^/,]+)/aws4_request")
_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_JSON = "application/x-amz-json-1.1"


class Server:
    """The ASGI application.

    Every request but GET /health must be signed: on loopback whatever the key, for a page in a
    browser cannot sign; beyond loopback with the right keys. The Host header must be a loopback
    name or an allowed one, so that no page reaches it by a name of its own either.
    """

    def __init__(self, services: Services, s3_endpoint_url: str) -> None:
        self._services = services
        self._s3_endpoint_url = s3_endpoint_url
        self._sagemaker = SageMaker(services)
        self._logs = LogsApi(services.machine.logs)
        self._runtime = Runtime(services)
        settings = services.machine.settings
        self._hosts = {*_LOOPBACK, settings.near_host, *settings.allowed_hosts}
        self._signatures = Signatures(settings.credentials) if settings.exposed else None
        self._moto: Any = None
        self._moto_lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        with contextlib.suppress(ClientDisconnect):
            response = self._refusal(request) or await self._respond(request)
            await response(scope, receive, send)

    async def close(self) -> None:
        """Close the connections to the model servers."""
        await self._runtime.close()

    def _refusal(self, request: Request) -> Response | None:
        host = re.sub(r":\d+$", "", request.headers.get("host", "")).lower()
        if host not in self._hosts:
            return _error("AccessDeniedException", f"the host {host!r} is not this machine", 403)
        if request.url.path == "/health" or _service(request):
            return None
        return _error("MissingAuthenticationTokenException", "the request is not signed", 403)

    async def _respond(self, request: Request) -> Any:
        service = _service(request)
        if service is None:
            return JSONResponse(self._health())
        if self._signatures:
            try:
                request = await self._signatures.verified(request)
            except ApiError as error:
                return _error(error.code, error.message, error.status)
        return await self._serve(service, request)

    async def _serve(self, service: str, request: Request) -> Any:
        if service == "sagemaker":
            return await self._sagemaker_response(request)
        if service == "s3":
            return self._s3_response()
        body = await request.body()
        if service == "logs":
            payload = _parsed(body)
            if is_ours(payload):
                return await _answered(self._logs.call, _operation(request), payload)
        return _Replayed(await anyio.to_thread.run_sync(self._moto_app), body)

    async def _sagemaker_response(self, request: Request) -> Response:
        invocation = _INVOCATIONS.fullmatch(request.scope["path"])
        if invocation:
            return await self._runtime.invoke(request, invocation[1])
        if "x-amz-target" not in request.headers:
            path = request.url.path
            return _error("UnknownOperationException", f"local_aws does not support {path}", 404)
        payload = _parsed(await request.body())
        if not isinstance(payload, dict):
            return _error("SerializationException", "the request is not a JSON object")
        return await _answered(self._sagemaker.call, _operation(request), payload)

    def _health(self) -> dict[str, Any]:
        return {
            "status": "ok",
            "s3_endpoint_url": self._s3_endpoint_url,
            "isolation": str(self._services.machine.isolation),
            "root": str(self._services.machine.settings.root),
        }

    def _s3_response(self) -> Response:
        message = f"S3 is not served on this port: set AWS_ENDPOINT_URL_S3={self._s3_endpoint_url}"
        content = f"<Error><Code>WrongEndpoint</Code><Message>{message}</Message></Error>"
        return Response(content, status_code=400, media_type="application/xml")

    def _moto_app(self) -> Any:
        with self._moto_lock:
            if self._moto is None:
                self._moto = moto_app()
        return self._moto


class _Replayed:
    """An application called with a body that has been read already."""

    def __init__(self, app: Any, body: bytes) -> None:
        self._app = app
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, bodies.replayed(self._body, receive), send)


async def _answered(call: Any, operation: str, payload: dict[str, Any]) -> Response:
    """Run a blocking operation in a thread; whatever goes wrong is an AWS error."""
    try:
        answer = await anyio.to_thread.run_sync(call, operation, payload)
    except ApiError as error:
        return _error(error.code, error.message, error.status)
    except Exception as error:
        _log.exception("%s failed", operation)
        return _error("InternalFailure", f"{type(error).__name__}: {error}", 500)
    return Response(json.dumps(answer), media_type=_JSON)


def _service(request: Request) -> str | None:
    """The service that the signature names: in the header, or in a presigned URL."""
    signature = request.headers.get("authorization", "")
    presigned = request.query_params.get("X-Amz-Credential")
    found = _SCOPE.search(f"Credential={presigned}" if presigned else signature)
    return found[1] if found else None


def _operation(request: Request) -> str:
    return request.headers.get("x-amz-target", "").rpartition(".")[2]


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return None


def _error(code: str, message: str, status: int = 400) -> Response:
    content = json.dumps({"__type": code, "message": message})
    return Response(content, status_code=status, media_type=_JSON)

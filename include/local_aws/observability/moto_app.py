"""STS, CloudWatch, SNS and other log groups, served by moto in this process."""

import logging
import threading
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import anyio.to_thread
from a2wsgi import WSGIMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

_log = logging.getLogger(__name__)
_CODE = "UnknownOperationException"


class Moto:
    """Moto as an ASGI application, which finds the service of a request by its signature.

    Importing moto takes a second, so the first request imports it. Requests that moto does not
    support get an error in the format of the service.

    Args:
        on_loaded: Called once, after moto is imported and before it answers a request.
    """

    def __init__(self, on_loaded: Callable[[], None]) -> None:
        self._on_loaded = on_loaded
        self._app: Any = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        started = False

        async def track(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await (await anyio.to_thread.run_sync(self._loaded))(scope, receive, track)
        except Exception as error:
            if started:
                raise
            _log.info("moto cannot answer: %r", error)
            await _error_response(scope, error)(scope, receive, send)

    def _loaded(self) -> Any:
        with self._lock:
            if self._app is None:
                self._app = _moto_app()
                self._on_loaded()
        return self._app


def _moto_app() -> Any:
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )

    application: Any = DomainDispatcherApplication(create_backend_app)
    return WSGIMiddleware(application, workers=4)


def _error_response(scope: Scope, error: Exception) -> Response:
    text = f"local_aws cannot answer this request: {type(error).__name__}: {error}"
    headers = dict(scope["headers"])
    if b"x-amz-target" in headers:
        content = {"__type": _CODE, "message": text}
        return JSONResponse(content, 400, media_type="application/x-amz-json-1.1")
    error_xml = f"<Type>Sender</Type><Code>{_CODE}</Code><Message>{escape(text)}</Message>"
    xml = f"<ErrorResponse><Error>{error_xml}</Error></ErrorResponse>"
    return Response(xml, 400, media_type="text/xml")

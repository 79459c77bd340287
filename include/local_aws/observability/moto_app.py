"""STS, CloudWatch, SNS and the other logs: moto, in this process, in memory."""

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
    """Moto as an ASGI application; it tells services apart by the signature.

    Importing it takes a second, so that is done when a first request needs it. What moto does
    not have is refused, in the form that the service's clients read.

    Args:
        on_loaded: called once, when moto is there and has answered nothing yet.
    """

    def __init__(self, on_loaded: Callable[[], None]) -> None:
        self._on_loaded = on_loaded
        self._app: Any = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await (await anyio.to_thread.run_sync(self._loaded))(scope, receive, noted)
        except Exception as error:
            if begun:
                raise
            _log.info("moto cannot answer: %r", error)
            await _refusal(scope, error)(scope, receive, send)

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


def _refusal(scope: Scope, error: Exception) -> Response:
    text = f"local_aws cannot answer this request: {type(error).__name__}: {error}"
    headers = dict(scope["headers"])
    if b"x-amz-target" in headers:
        content = {"__type": _CODE, "message": text}
        return JSONResponse(content, 400, media_type="application/x-amz-json-1.1")
    inside = f"<Type>Sender</Type><Code>{_CODE}</Code><Message>{escape(text)}</Message>"
    content_of_query = f"<ErrorResponse><Error>{inside}</Error></ErrorResponse>"
    return Response(content_of_query, 400, media_type="text/xml")

"""STS, CloudWatch, SNS and the other logs: moto, in this process, in memory."""

from typing import Any

from a2wsgi import WSGIMiddleware


def moto_app() -> Any:
    """Moto as an ASGI application; it tells services apart by the signature.

    Importing it takes a second, so the server does it when a first request needs it.
    """
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )

    application: Any = DomainDispatcherApplication(create_backend_app)
    return WSGIMiddleware(application, workers=4)

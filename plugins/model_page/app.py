"""The web application that Airflow's API server mounts below /image-models."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from include.common.errors import PermanentError
from include.config import PipelineError
from model_page import addresses
from model_page.access import User, require_session
from model_page.airflow_api import ROOT_APP
from model_page.installation import CurrentInstallation, Installation
from model_page.problems import explain
from model_page.rendering import STATIC, respond, static_version, wants_json
from model_page.views import (
    actions,
    batches,
    card,
    data,
    decision,
    evaluation,
    health,
    history,
    links,
    overview,
    photos,
    pipeline,
    review,
    training,
    trying,
)

TITLES = {
    401: "Log in to see the models",
    403: "You may not see this",
    404: "There is no such page",
    409: "Another user was faster",
    503: "AWS does not answer",
}
STATIC_FILES = ("page.css", "page.js", "theme.js", "evaluation.js", "review.js", "try.js")
PAGES = (
    overview,
    links,
    health,
    pipeline,
    training,
    review,
    trying,
    history,
    card,
    evaluation,
    data,
    batches,
    photos,
    actions,
    decision,
)
ONE_YEAR = 31_536_000


class ModelPageApp(FastAPI):
    """A FastAPI application that knows the application which has mounted it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; `airflow_api` calls the mounting application."""
        if "app" in scope:
            scope[ROOT_APP] = scope["app"]
        await super().__call__(scope, receive, send)


def create_app(
    installation: Callable[[], Installation] | None = None,
    secret: Callable[[Request], str] | None = None,
) -> ModelPageApp:
    """Return the application. All its routes need a session; there is no API documentation.

    Args:
        installation: Returns the installation; default: from Airflow's Variables and connection.
        secret: Returns the key that signs forms; default: Airflow's `[api] secret_key`.
    """
    app = ModelPageApp(
        title="Image models",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(require_session), Depends(_remember_user)],
    )
    app.state.installation = installation or CurrentInstallation()
    app.state.secret = secret or _airflow_secret
    app.state.sources = None
    _add_error_pages(app)
    app.add_api_route("/-/static/{version}/{name}", _static, methods=["GET"])
    for module in PAGES:
        app.include_router(module.router)
    return app


def _add_error_pages(app: FastAPI) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    app.add_exception_handler(StarletteHTTPException, _show_refusal)
    for kind in (PermanentError, BotoCoreError, ClientError):
        app.add_exception_handler(kind, _show_error)


def _remember_user(request: Request, user: User) -> BaseUser:
    request.state.page_user = str(user.get_id())
    return user


def _airflow_secret(request: Request) -> str:
    return str(request.scope[ROOT_APP].state.secret_key)


def _static(version: str, name: str) -> Response:
    if name not in STATIC_FILES:
        raise HTTPException(404, "there is no such file")
    fresh = version == static_version(name)
    age = f"private, max-age={ONE_YEAR}, immutable" if fresh else "no-store"
    return FileResponse(STATIC / name, headers={"Cache-Control": age})


async def _show_refusal(request: Request, error: Any) -> Response:
    reason = str(error.detail)
    if reason == HTTPStatus.NOT_FOUND.phrase:  # Starlette's, for addresses without a route
        reason = f"the model page has no address {request.url.path}"
    return _show(request, error.status_code, reason)


async def _show_error(request: Request, error: Exception) -> Response:
    status = 404 if isinstance(error, PipelineError) else 503
    return _show(request, status, explain(error) or str(error))


def _show(request: Request, status: int, reason: str) -> Response:
    content = {
        "status": status,
        "title": TITLES.get(status, "This did not work"),
        "detail": reason,
        "login": addresses.login(str(request.url.path)) if status == 401 else None,
        "style": "",
    }
    if status == 401 and not wants_json(request):
        # Static files need a session, too.
        content["style"] = (STATIC / "page.css").read_text(encoding="utf-8")
    return respond(request, "problem.html.jinja", content, status)

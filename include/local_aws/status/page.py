"""The status page: routes and access."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from include.local_aws.access.client_files import STATUS_URL, announced_environment
from include.local_aws.jobs.kinds import KINDS
from include.local_aws.services import Services
from include.local_aws.settings import Settings
from include.local_aws.status import curve, data, endpoints, jobs, log_view, traffic
from include.local_aws.status.browse import Browser, Folder, NotInS3
from include.local_aws.status.formatting import render, stamp
from include.local_aws.status.storage import Storage

_KINDS = {kind.word.lower(): kind for kind in KINDS}
_LIMIT = 50  # jobs in the overview
_ALL = 1000  # jobs with ?all
_LOCKED = (
    "Only the owner of the server can open this page. Open the URL with the key once in this "
    "browser. The server prints the URL at its start; it is also in the file {file}, which its "
    "owner can read."
)
_COOKIE_SECONDS = 400 * 86400


class StatusPage:
    """Serves the read-only status page.

    It requires a key, which is part of the URL that the server prints at its start. Requests to
    AWS services cannot be signed with this key.
    """

    def __init__(self, services: Services, s3_endpoint_url: str) -> None:
        self._services = services
        self._settings = services.runtime.settings
        self._s3_endpoint_url = s3_endpoint_url
        self._storage = Storage(self._settings)
        self._browser = Browser(services.runtime.objects.client)
        self._key = page_key(self._settings)
        # Browsers send a host's cookies to all ports, so each server needs its own cookie name.
        self._cookie = f"local_aws_page_{self._settings.port}"
        self._started = time.time()
        self._pages: list[tuple[re.Pattern[str], Callable[..., Response | None]]] = [
            (re.compile(r"/"), self._overview),
            (re.compile(r"/jobs/([a-z]+)/([^/]+)"), self._job),
            (re.compile(r"/endpoints/([^/]+)"), self._endpoint),
            (re.compile(r"/s3/?"), self._buckets),
            (re.compile(r"/s3/([^/]+)/?(.*)", re.DOTALL), self._s3),
            (re.compile(r"/log"), self._log),
            (re.compile(r"/log\.txt"), self._full_log),
        ]

    async def respond(self, request: Request) -> Response | None:
        """Return the response, or None if the path is not a page."""
        if request.method not in ("GET", "HEAD"):
            return None
        path = request.scope["path"]
        for pattern, page in self._pages:
            if found := pattern.fullmatch(path):
                return self._require_key(request) or await anyio.to_thread.run_sync(
                    _render_page, page, request, found.groups()
                )
        return None

    def _require_key(self, request: Request) -> Response | None:
        """Return the response to a request without the key in its cookie, or None."""
        given = request.query_params.get("key", "")
        if _equal(given, self._key):
            response = RedirectResponse(request.scope["path"], 303)
            # Not "strict", with which links from other sites, such as Airflow, would not send
            # the cookie. The page is read-only.
            response.set_cookie(self._cookie, given, _COOKIE_SECONDS, httponly=True, samesite="lax")
            return response
        if _equal(request.cookies.get(self._cookie, ""), self._key):
            return None
        return _html(
            "notice.html.jinja", 403, text=_LOCKED.format(file=self._settings.root / STATUS_URL)
        )

    def _overview(self, request: Request) -> Response:
        shown_all = "all" in request.query_params
        runtime = self._services.runtime
        return self._page(
            request,
            "overview.html.jinja",
            jobs=jobs.jobs(runtime.store, runtime.logs, _ALL if shown_all else _LIMIT),
            endpoints=endpoints.endpoints(runtime.store),
            usage=self._storage.usage(),
            shown_all=shown_all,
            up=time.time() - self._started,
            slots=self._settings.slots,
            environment=announced_environment(self._settings, self._s3_endpoint_url),
        )

    def _job(self, request: Request, word: str, name: str) -> Response | None:
        runtime = self._services.runtime
        kind = _KINDS.get(word)
        body = runtime.store.get(kind.store, name) if kind else None
        if kind is None or body is None:
            return None
        selected = request.query_params.get("stream")
        tags = {tag["Key"]: tag["Value"] for tag in runtime.store.tags(kind.arn_of(name))}
        return self._page(
            request,
            "job.html.jinja",
            airflow=data.airflow_url(self._settings.airflow_url, tags),
            charts=curve.charts(kind, body, runtime.logs),
            inputs=data.inputs(body),
            outputs=data.outputs(body),
            job=jobs.row(kind, body, runtime.logs),
            body={key: value for key, value in body.items() if not key.startswith("_")},
            live=jobs.is_live(kind, body),
            result=jobs.result(kind, body),
            settings={title: body.get(field) for title, field in jobs.SETTINGS.items()},
            log=log_view.view(runtime.logs, kind.log_group, f"{name}/", selected, newest=False),
        )

    def _endpoint(self, request: Request, name: str) -> Response | None:
        runtime = self._services.runtime
        found = endpoints.endpoint(runtime.store, name)
        if found is None:
            return None
        selected = request.query_params.get("stream")
        return self._page(
            request,
            "endpoint.html.jinja",
            endpoint=found,
            models=traffic.served_models(runtime.store, found.config),
            traffic={
                row.variant: row
                for row in traffic.traffic(
                    runtime.metrics, name, [variant.name for variant in found.variants]
                )
            },
            live=True,
            log=log_view.view(runtime.logs, found.log_group, "", selected, newest=True),
        )

    def _buckets(self, request: Request) -> Response:
        return self._folder(request, self._browser.buckets())

    def _s3(self, request: Request, bucket: str, key: str) -> Response | None:
        try:
            if key and not key.endswith("/"):
                return self._object(bucket, key)
            token = request.query_params.get("after", "")
            return self._folder(request, self._browser.folder(bucket, key, token))
        except NotInS3:
            text = f"Nothing is at s3://{bucket}/{key}. It may have been deleted."
            return _html("notice.html.jinja", 404, text=text)

    def _object(self, bucket: str, key: str) -> Response:
        """Return an object, or the way to the folder if the key is one without its slash."""
        try:
            found = self._browser.content(bucket, key)
        except NotInS3:
            if self._browser.is_folder(bucket, key):
                return RedirectResponse(data.s3_path(f"s3://{bucket}/{key}/"), 303)
            raise
        headers = {**_security_headers(), **found.headers}
        return StreamingResponse(found.pieces, headers=headers)

    def _folder(self, request: Request, folder: Folder) -> Response:
        return self._page(request, "folder.html.jinja", folder=folder)

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        runtime = self._services.runtime
        part = "part" in request.query_params
        return _html(
            template,
            part=part,
            url=self._settings.announced_url,
            s3_url=self._s3_endpoint_url,
            isolation=str(runtime.isolation),
            root=str(self._settings.root),
            **values,
        )

    def _log(self, request: Request) -> Response | None:
        file = self._file(request)
        after = request.query_params.get("after", "")
        if file is None:
            return None
        lines, end = log_view.since(file, int(after) if after.isascii() and after.isdigit() else 0)
        rows = [[stamp(line.timestamp), line.message] for line in lines]
        return JSONResponse({"lines": rows, "end": end}, headers=_security_headers())

    def _full_log(self, request: Request) -> Response | None:
        file = self._file(request)
        return file and FileResponse(file, media_type="text/plain", headers=_security_headers())

    def _file(self, request: Request) -> Any:
        query = request.query_params
        return self._services.runtime.logs.file(query.get("group", ""), query.get("stream", ""))


def page_key(settings: Settings) -> str:
    """Return the key of the status page, which depends on the secret access key only."""
    secret = settings.credentials.secret_access_key.encode()
    return hmac.new(secret, b"status page", hashlib.sha256).hexdigest()[:32]


def page_url(settings: Settings) -> str:
    """Return the URL of the status page with its key."""
    return f"{settings.announced_url}/?key={page_key(settings)}"


def _render_page(
    page: Callable[..., Response | None], request: Request, words: tuple[str, ...]
) -> Response:
    found = page(request, *words)
    text = "This job, endpoint or log does not exist."
    return found or _html("notice.html.jinja", 404, text=text)


def _equal(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())


def _html(template: str, status: int = 200, **values: Any) -> Response:
    nonce = secrets.token_urlsafe(16)
    text = render(template, nonce=nonce, **values)
    return HTMLResponse(text, status, headers=_security_headers(nonce))


def _security_headers(nonce: str = "") -> dict[str, str]:
    """Return headers that forbid external content, framing and caching."""
    script = f"script-src 'nonce-{nonce}'; " if nonce else ""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; {script}style-src 'unsafe-inline'; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }

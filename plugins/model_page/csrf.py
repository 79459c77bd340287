"""Protection from cross-site request forgery, for every request that changes something.

Airflow's session cookie is `SameSite=Lax`, so that browsers do not send it with another site's
POST. That alone would not protect from another site below the same registrable domain, so each form
has a token of the user, and the browser's own statement of the request's origin is checked.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
MAX_AGE_SECONDS = 12 * 3600


def make_token(secret: str, user_id: str) -> str:
    """Return a token that lets this user change something for twelve hours."""
    return _serializer(secret).dumps(user_id)


def check_request(request: Request, form: dict[str, Any], secret: str, user_id: str) -> None:
    """Check that a request that changes something comes from a page of this application.

    A request with an `Authorization` header needs no token: a browser never adds that header by
    itself.

    Raises:
        HTTPException: 403 if the request comes from elsewhere, or its token is missing or old.
    """
    _check_origin(request)
    if request.headers.get("authorization"):
        return
    token = request.headers.get(HEADER) or form.get(FIELD) or ""
    try:
        known = _serializer(secret).loads(token, max_age=MAX_AGE_SECONDS)
    except BadSignature:
        known = None
    if known != user_id:
        raise HTTPException(
            403, "the form is not from this session, or older than 12 hours: reload the page"
        )


def _check_origin(request: Request) -> None:
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    same_host = not origin or urlsplit(origin).netloc == request.headers.get("host")
    if site not in ("same-origin", "none") or not same_host:
        raise HTTPException(403, "the request comes from another site")


def _serializer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="image-models")

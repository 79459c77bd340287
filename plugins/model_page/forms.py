"""Forms that change something: parsed within limits, and checked to come from the page itself."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request

from model_page import csrf
from model_page.access import User

MAX_BYTES = 64 * 1024
MAX_FIELDS = 100
MAX_REASON = 500
"""Characters of a user's reason, as of the DAGs' forms."""


async def checked_form(request: Request, user: User) -> dict[str, str]:
    """Return the fields of a form; of a repeated field, the last one.

    Raises:
        HTTPException: 403 if the form is not from this application, 413 if it is too long.
    """
    body = await read_body(request, MAX_BYTES)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise HTTPException(400, f"the form cannot be read: {error}") from error
    form = dict(pairs)
    csrf.check_request(request, form, request.app.state.secret(request), str(user.get_id()))
    return form


async def read_body(request: Request, limit: int) -> bytes:
    """Return a request's body.

    Raises:
        HTTPException: 413 if it has more bytes than the limit.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, f"the request has more than {limit:,} bytes")
    return bytes(body)


Form = Annotated[dict[str, str], Depends(checked_form)]
"""The fields of a form that comes from this application."""


def reason_of(form: dict[str, str]) -> str:
    """Return the user's reason in one line.

    Raises:
        HTTPException: 400 if it is too long.
    """
    reason = " ".join(form.get("why", "").split())
    if len(reason) > MAX_REASON:
        raise HTTPException(
            400, f"the reason has {len(reason)} characters, and {MAX_REASON} are allowed"
        )
    return reason


def number_of(form: dict[str, str], name: str) -> int:
    """Return a field that is a positive whole number.

    Raises:
        HTTPException: 400 if it is none.
    """
    text = form.get(name, "")
    if not text.isdecimal() or len(text) > 9:
        raise HTTPException(400, f"{name} is {text!r}: choose one of the list")
    return int(text)

"""Pages: templates with escaped values, and the same content as JSON.

A request with `Accept: application/json` gets what the template would get, for scripts and tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.encoders import jsonable_encoder
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, JSONResponse

from model_page import addresses, csrf

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

POLICY = (
    "default-src 'none'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
"""Content-Security-Policy: nothing from other hosts, no inline scripts, framed by Airflow only."""


def respond(
    request: Request, template: str, content: Mapping[str, Any], status: int = 200
) -> Response:
    """Return a page, or its content as JSON if the client accepts JSON only.

    Args:
        request: The request.
        template: The template's name in the folder `templates`.
        content: The template's values; what JSON can hold, dataclasses and records.
        status: The response's status.
    """
    headers = {"Cache-Control": "private, no-store", "Vary": "Accept"}
    if wants_json(request):
        return JSONResponse(jsonable_encoder(dict(content)), status, headers)
    headers["Content-Security-Policy"] = POLICY
    user = getattr(request.state, "page_user", "")
    token = csrf.make_token(request.app.state.secret(request), user) if user else ""
    page = _environment().get_template(template)
    return HTMLResponse(page.render(csrf=token, user=user, **content), status, headers)


def wants_json(request: Request) -> bool:
    """Return whether a client accepts JSON and no HTML."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


@cache
def static_version(name: str) -> str:
    """Return a hash of a static file, for its address: a new version is never read from a cache."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "page": addresses.page,
        "airflow_run": addresses.airflow_run,
        "static": lambda name: addresses.page("-", "static", static_version(name), name),
    }
    environment.filters |= {
        "percent": percent,
        "clock": clock,
        "ago": ago,
        "duration": duration,
        "milliseconds": milliseconds,
        "dollars": dollars,
        "size": size,
        "number": number,
        "count": count,
        "plain": jsonable_encoder,
        "words": lambda text: str(text).replace("_", " "),
    }
    return environment


NBSP = "\N{NO-BREAK SPACE}"


def percent(share: float | None, digits: int = 1) -> str:
    """Format a share: 0.1234 is 12.3 %."""
    return "–" if share is None else f"{share * 100:.{digits}f}{NBSP}%"  # noqa: RUF001


def number(value: float | None, digits: int = 3) -> str:
    """Format a figure with a number of significant digits."""
    return "–" if value is None else f"{value:.{digits}g}"  # noqa: RUF001


def count(value: int | None) -> str:
    """Format a number of things: 16,142."""
    return "?" if value is None else f"{value:,}"


def clock(moment: datetime | str | None) -> str:
    """Format a time: 12 Nov 2026 02:14 UTC."""
    found = _moment(moment)
    return f"{found:%d %b %Y %H:%M} UTC".lstrip("0") if found else "–"  # noqa: RUF001


def ago(moment: datetime | str | None, now: datetime | None = None) -> str:
    """Format how long ago a time was, or in how long it will be."""
    found = _moment(moment)
    if found is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - found).total_seconds()
    text = _rough(abs(seconds))
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def _rough(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length * (2 if unit == "day" else 1):
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "a moment" if seconds < 10 else f"{int(seconds)} seconds"


def duration(seconds: float | None) -> str:
    """Format a duration: 18 min 3 s."""
    if seconds is None:
        return "–"  # noqa: RUF001
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{count}{NBSP}{unit}" for count, unit in parts if count][:2]
    return " ".join(shown) or f"0{NBSP}s"


def milliseconds(seconds: float) -> str:
    """Format a short duration: 0.0541 is 54 ms."""
    return f"{seconds * 1000:,.{0 if seconds >= 0.01 else 1}f}{NBSP}ms"


def dollars(amount: float | None) -> str:
    """Format an amount in US dollars."""
    return "–" if amount is None else f"${amount:,.2f}"  # noqa: RUF001


def size(count: int | None) -> str:
    """Format a number of bytes: 1.4 MB."""
    if count is None:
        return "–"  # noqa: RUF001
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f}{NBSP}{units[0]}" if units[0] == "B" else f"{value:.1f}{NBSP}{units[0]}"


def _moment(moment: datetime | str | None) -> datetime | None:
    if not moment:
        return None
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)

"""Who may come in at all: callers that know this server by name, and no page from elsewhere."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request

from include.local_aws.errors import ApiError
from include.local_aws.settings import Settings

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_ELSEWHERE = ("cross-site", "same-site")


class Door:
    """Checks what a browser cannot forge: the Host, Origin and Sec-Fetch-Site headers.

    A page of another site reaches this port from the browser of whoever looks at it, under a
    name of the page's own if its owner lets that name lead here (DNS rebinding). It may be
    followed by a link, which only reads; nothing else of it is let in.
    """

    def __init__(self, settings: Settings) -> None:
        self._hosts = {*LOOPBACK_NAMES, settings.near_host, *settings.allowed_hosts}

    def check(self, request: Request) -> None:
        """Return if the caller may come in, else raise ApiError (403)."""
        hosts = request.headers.getlist("host")
        given = hosts[0].lower() if len(hosts) == 1 else ""
        name = re.sub(r":\d+$", "", given)
        if name not in self._hosts:
            raise _denied(
                f"the host {name[:100]!r} is not this machine: call one of "
                f"{', '.join(sorted(self._hosts))}, or name it with --allow-host"
            )
        origin = request.headers.get("origin")
        if origin is not None and _address(origin) != given:
            raise _denied(f"a page of {origin[:100]!r} may not call this server")
        if request.headers.get("sec-fetch-site") in _ELSEWHERE and not _followed(request):
            raise _denied("a page of another site may not call this server")


def _address(origin: str) -> str | None:
    """Host and port of an origin; None for `null` and what is no origin of the web."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return None
    return parts.netloc if parts.scheme in ("http", "https") else None


def _followed(request: Request) -> bool:
    """Whether a person follows a link: it opens the page in a tab of its own."""
    headers = request.headers
    return (
        request.method == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _denied(message: str) -> ApiError:
    return ApiError(message, code="AccessDeniedException", status=403)

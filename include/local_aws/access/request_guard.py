"""Protection from web pages of other sites: checks of the Host, Origin and Sec-Fetch headers."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request

from include.local_aws.errors import ApiError
from include.local_aws.settings import Settings

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_OTHER_SITE = ("cross-site", "same-site")


class RequestGuard:
    """Rejects requests that web pages of other sites send through a user's browser.

    Scripts cannot forge the Host, Origin and Sec-Fetch-Site headers. The check of Host protects
    from DNS rebinding: a page whose host name resolves to this computer. Following a link from
    another site is allowed, because pages of this server only read.
    """

    def __init__(self, settings: Settings) -> None:
        self._hosts = {*LOOPBACK_NAMES, settings.near_host, *settings.allowed_hosts}

    def check(self, request: Request) -> None:
        """Return if the request is allowed, else raise ApiError (403)."""
        hosts = request.headers.getlist("host")
        given = hosts[0].lower() if len(hosts) == 1 else ""
        name = re.sub(r":\d+$", "", given)
        if name not in self._hosts:
            raise _denied(
                f"the host {name[:100]!r} is not a name of this server: call one of "
                f"{', '.join(sorted(self._hosts))}, or allow it with --allow-host"
            )
        origin = request.headers.get("origin")
        if origin is not None and _address(origin) != given:
            raise _denied(f"a page of {origin[:100]!r} may not call this server")
        if request.headers.get("sec-fetch-site") in _OTHER_SITE and not _follows_link(request):
            raise _denied("a page of another site may not call this server")


def _address(origin: str) -> str | None:
    """Return host and port of an origin; None for `null` and other schemes than HTTP(S)."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return None
    return parts.netloc if parts.scheme in ("http", "https") else None


def _follows_link(request: Request) -> bool:
    """Return whether the browser opens a page because the user follows a link."""
    headers = request.headers
    return (
        request.method == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _denied(message: str) -> ApiError:
    return ApiError(message, code="AccessDeniedException", status=403)

"""Requests for a file on the web, from any byte offset."""

from __future__ import annotations

import re
from http.client import HTTPException, InvalidURL
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

from include.common.addresses import error_text
from include.common.guarded_http import AddressRefused, AllowedHosts, open_url
from include.common.web_state import FileState

TIMEOUT = 60
"""Seconds without data from the server before a request fails."""

PUBLIC_ONLY = AllowedHosts()
"""Allows public addresses only."""

RETRYABLE_STATUSES = frozenset({408, 425, 429})
"""Retryable HTTP statuses below 500."""

CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class MirrorError(Exception):
    """A file cannot be fetched from a URL; the text is the reason.

    Attributes:
        permanent: Whether a retry cannot succeed before a user has changed something.
    """

    def __init__(self, reason: str, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class RangeNotSatisfiableError(Exception):
    """The requested range is beyond the end of the file, which has become shorter."""


class ConnectionCutError(Exception):
    """The connection ended before the end of the file."""


class FileResponse:
    """A response with a file's bytes from an offset to the end.

    The bytes are returned as sent; Content-Encoding is ignored.

    Attributes:
        offset: The offset of the first byte; 0 if the server ignores ranges.
        state: The state of the file on the server.
        has_end: Whether the end of the response is distinguishable from a cut connection.
    """

    def __init__(self, url: str, response: Any) -> None:
        self._response, headers = response, response.headers
        length = headers.get("Content-Length", "")
        self._missing = int(length) if length.isdecimal() else None
        chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.has_end = chunked or self._missing is not None
        self.offset, size = 0, self._missing
        if response.status == 206:
            self.offset, size = _range(headers.get("Content-Range", ""))
        self.state = FileState.of(url, size, headers)

    def read(self, most: int) -> bytes:
        """Return the next bytes, at most `most`; b"" at the end.

        Raises:
            ConnectionCutError: The connection ended before the end of the file, or timed out.
        """
        try:
            content: bytes = self._response.read1(most)
        except (OSError, HTTPException) as error:
            raise ConnectionCutError(error_text(error)) from error
        if self._missing is not None:
            self._missing -= len(content)
            if not content and self._missing > 0:
                raise ConnectionCutError(f"the connection ended {self._missing} bytes early")
        return content

    def __enter__(self) -> FileResponse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._response.close()


def request_file(
    url: str,
    offset: int = 0,
    validator: str | None = None,
    allowed: AllowedHosts = PUBLIC_ONLY,
    timeout: float | None = None,
) -> FileResponse:
    """Request a file.

    Args:
        url: The file's URL.
        offset: The first byte to send. The server may ignore it, see `FileResponse.offset`.
        validator: The value of If-Range: the server sends the whole file if it has changed.
        allowed: Hosts and networks whose addresses need not be public.
        timeout: Seconds without data after which the request fails; default: `TIMEOUT`.

    Raises:
        MirrorError: The server is unreachable, returns an error, or its address is not allowed.
        RangeNotSatisfiableError: The file is shorter than `offset`.
    """
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    if offset and validator:
        headers["If-Range"] = validator
    try:
        response = open_url(Request(url, headers=headers), timeout or TIMEOUT, allowed)
    except HTTPError as error:
        error.close()
        if error.code == 416 and offset:
            raise RangeNotSatisfiableError(f"it has no byte {offset}") from error
        permanent = error.code < 500 and error.code not in RETRYABLE_STATUSES
        raise MirrorError(error_text(error), permanent) from error
    except (OSError, HTTPException) as error:
        raise MirrorError(error_text(error), permanent=isinstance(error, InvalidURL)) from error
    except AddressRefused as error:
        raise MirrorError(str(error), permanent=True) from error
    except ValueError as error:  # the URL, or the validator, cannot be sent
        raise MirrorError(error_text(error), permanent=True) from error
    if response.status not in (200, 206):
        response.close()
        raise MirrorError(
            f"{response.status} {response.reason} instead of the file", permanent=True
        )
    return FileResponse(url, response)


def _range(header: str) -> tuple[int, int | None]:
    found = CONTENT_RANGE.fullmatch(header.strip())
    if found is None:
        raise MirrorError(f"the response 206 has an invalid range {header!r}", permanent=True)
    start, size = found.groups()
    return int(start), None if size == "*" else int(size)

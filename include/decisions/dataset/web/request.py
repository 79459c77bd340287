"""One request for a file on the web, from any of its bytes on."""

from __future__ import annotations

import re
from http.client import HTTPException, InvalidURL
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

from include.common.addresses import error_text
from include.common.guarded_http import AddressRefused, AllowedHosts, open_url
from include.decisions.dataset.web.state import FileState

TIMEOUT = 60
"""Seconds that a server may stay silent."""

PUBLIC_ONLY = AllowedHosts()
"""Every address must be public."""

PASSING_STATUSES = frozenset({408, 425, 429})
"""What a server answers, beside its own faults, when it may answer otherwise later."""

CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class MirrorError(Exception):
    """A URL does not give the file; the text is the reason.

    Attributes:
        lasting: Another try meets the same: a person has to change something first.
    """

    def __init__(self, reason: str, lasting: bool) -> None:
        super().__init__(reason)
        self.lasting = lasting


class RangeNotSatisfiableError(Exception):
    """The server has no such range: the file is shorter than it was."""


class ConnectionCutError(Exception):
    """The connection ended before the file did."""


class FileResponse:
    """A server's answer: a file's bytes from `offset` on.

    The bytes are those that were sent, whatever Content-Encoding says of them.

    Attributes:
        offset: The first byte's place in the file; 0 where the server ignores ranges.
        state: Which state of the file it is.
        ends: Whether the end of the answer can be told from a cut.
    """

    def __init__(self, url: str, response: Any) -> None:
        self._response, headers = response, response.headers
        length = headers.get("Content-Length", "")
        self._missing = int(length) if length.isdecimal() else None
        chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.ends = chunked or self._missing is not None
        self.offset, size = 0, self._missing
        if response.status == 206:
            self.offset, size = _range(headers.get("Content-Range", ""))
        self.state = FileState.of(url, size, headers)

    def read(self, most: int) -> bytes:
        """Return what has arrived, at most so many bytes; nothing at the end.

        Raises:
            ConnectionCutError: The connection ended before the file did, or the server fell silent.
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
    url: str, offset: int = 0, validator: str | None = None, allowed: AllowedHosts = PUBLIC_ONLY
) -> FileResponse:
    """Ask for a file.

    Args:
        url: Where.
        offset: From which byte on; the server may ignore it, see `FileResponse.offset`.
        validator: From there on only if the file is still this one, else from the start.
        allowed: Hosts and networks whose addresses need not be public.

    Raises:
        MirrorError: The server is away, or answers something else, or must not be asked.
        RangeNotSatisfiableError: The file has no byte there.
    """
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    if offset and validator:
        headers["If-Range"] = validator
    try:
        response = open_url(Request(url, headers=headers), TIMEOUT, allowed)
    except HTTPError as error:
        error.close()
        if error.code == 416 and offset:
            raise RangeNotSatisfiableError(f"it has no byte {offset}") from error
        lasting = error.code < 500 and error.code not in PASSING_STATUSES
        raise MirrorError(error_text(error), lasting) from error
    except (OSError, HTTPException) as error:
        raise MirrorError(error_text(error), lasting=isinstance(error, InvalidURL)) from error
    except AddressRefused as error:
        raise MirrorError(str(error), lasting=True) from error
    except ValueError as error:  # the URL, or the validator, cannot be sent
        raise MirrorError(error_text(error), lasting=True) from error
    if response.status not in (200, 206):
        response.close()
        raise MirrorError(f"{response.status} {response.reason} instead of the file", lasting=True)
    return FileResponse(url, response)


def _range(header: str) -> tuple[int, int | None]:
    found = CONTENT_RANGE.fullmatch(header.strip())
    if found is None:
        raise MirrorError(f"206 with the range {header!r}, which cannot be read", lasting=True)
    start, size = found.groups()
    return int(start), None if size == "*" else int(size)

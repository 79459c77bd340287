"""Download a file of weights from a public web address."""

import http.client
import logging
import os
import time
from collections.abc import Iterator
from typing import IO, Any
from urllib.request import Request

from include.common.addresses import error_text, redact_url
from include.common.guarded_http import AddressRefused, AllowedHosts, open_url
from include.contracts.environment import FETCH_ALLOWED_HOSTS
from include.image_classification.container import CommandError
from include.image_classification.progress import SECONDS_BETWEEN_LINES

_log = logging.getLogger(__name__)

READ_TIMEOUT_SECONDS = 60.0
"""Timeout of a connection on which no data arrives."""

CHUNK = 1024 * 1024
MEGABYTE = 1_000_000
GONE = (404, 410)
"""Statuses of a file that is no longer at its address."""


class DownloadError(Exception):
    """The file cannot be downloaded; the text is the reason, without secrets."""


def download(url: str, file: IO[bytes], max_bytes: int) -> None:
    """Write the content of a web address to a file, and log the progress.

    Args:
        url: An https:// or http:// address (see `guarded_http` for what is allowed).
        file: The file to write to.
        max_bytes: The size limit.

    Raises:
        DownloadError: The server cannot be reached or refuses, or the content is cut off or larger
            than the limit.
        CommandError: The variable FETCH_ALLOWED_HOSTS is invalid.
        OSError: The file cannot be written.
    """
    try:
        request = Request(url, headers={"User-Agent": "image-classification"})
        response = open_url(request, READ_TIMEOUT_SECONDS, _allowed_hosts())
    except AddressRefused as error:
        raise DownloadError(f"{error} ({FETCH_ALLOWED_HOSTS})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failure(error) from error
    with response:
        expected = _content_length(response.headers.get("Content-Length"), max_bytes)
        size = _copy(response, file, max_bytes, _Progress(redact_url(url), expected))
    if expected is not None and size != expected:
        raise DownloadError(f"it was cut off: {size} of {expected} bytes arrived; try again")


def _allowed_hosts() -> AllowedHosts:
    """Return the hosts and networks whose addresses need not be public."""
    try:
        return AllowedHosts.parse(os.environ.get(FETCH_ALLOWED_HOSTS, ""))
    except ValueError as error:
        raise CommandError(f"{FETCH_ALLOWED_HOSTS}: {error}") from error


def _failure(error: Exception) -> DownloadError:
    gone = getattr(error, "code", None) in GONE
    return DownloadError(error_text(error) + (" (the file is gone from there)" if gone else ""))


def _content_length(length: str | None, max_bytes: int) -> int | None:
    """Return the size that the server announces, if it does."""
    if length is None or not length.isdecimal():
        return None
    if int(length) > max_bytes:
        raise _too_large(max_bytes)
    return int(length)


def _too_large(max_bytes: int) -> DownloadError:
    return DownloadError(f"it is larger than the limit of {max_bytes} bytes for these weights")


class _Progress:
    """Logs the bytes that have arrived, every few seconds."""

    def __init__(self, title: str, expected: int | None) -> None:
        self._title = title
        self._total = f" of {expected / MEGABYTE:.1f}" if expected else ""
        self._logged = time.monotonic()

    def update(self, size: int) -> None:
        now = time.monotonic()
        if now - self._logged >= SECONDS_BETWEEN_LINES:
            self._logged = now
            _log.info("%s: %.1f%s MB", self._title, size / MEGABYTE, self._total)


def _copy(response: Any, file: IO[bytes], max_bytes: int, progress: _Progress) -> int:
    """Return the number of bytes."""
    size = 0
    for chunk in _chunks(response):
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        file.write(chunk)
        progress.update(size)
    return size


def _chunks(response: Any) -> Iterator[bytes]:
    """Yield the content; an error of the connection becomes a DownloadError."""
    while True:
        try:
            chunk = response.read(CHUNK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _failure(error) from error
        if not chunk:
            return
        yield chunk

"""Sources that are files on the web: which of them have to be fetched, and fetching them."""

from __future__ import annotations

from collections.abc import Sequence
from http.client import HTTPException, IncompleteRead
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from include.pipeline.layout import Layout
from include.pipeline.stages import file_name
from include.policies.source import SourceError

TIMEOUT = 60
"""Seconds that a server may stay silent."""

MARK = "origin"
"""The metadata of an S3 object that says which state of which URL it is."""

PASSING_STATUSES = frozenset({408, 425, 429})
"""What a server answers, beside its own faults, when it may answer otherwise later."""


class FetchError(Exception):
    """A URL cannot be read at present: another try may find it in order."""


def fetch_source(s3: Any, layout: Layout, urls: Sequence[str]) -> list[str]:
    """Copy what is new or changed on the web into the source's folder in S3.

    Bytes are streamed, so a file may be larger than memory and disk.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        urls: The files; each keeps its name.

    Returns:
        The URLs that were fetched; those whose copy is of the same state are left alone.

    Raises:
        SourceError: A server refuses a URL for good.
        FetchError: A server is away, has a fault, or stopped before a file's end.
    """
    return [url for url in urls if _fetch(s3, layout, url)]


def _fetch(s3: Any, layout: Layout, url: str) -> bool:
    key = f"{layout.source}{file_name(url)}"
    try:
        with urlopen(Request(url, method="HEAD"), timeout=TIMEOUT) as response:
            state = _state(url, response.headers)
        if _copied(s3, layout.bucket, key) == state:
            return False
        with urlopen(url, timeout=TIMEOUT) as response:
            metadata = {MARK: _state(url, response.headers)}
            whole, extra = _Whole(response), {"Metadata": metadata}
            s3.upload_fileobj(whole, layout.bucket, key, ExtraArgs=extra)
    except HTTPError as error:
        told = f"{url} cannot be read: {error.code} {error.reason}: see source.urls"
        lasting = error.code < 500 and error.code not in PASSING_STATUSES
        raise (SourceError if lasting else FetchError)(told) from error
    except (OSError, HTTPException) as error:
        raise FetchError(f"{url} cannot be read: {error}: see source.urls") from error
    return True


class _Whole:
    """A response's bytes, up to the length that it announced.

    `HTTPResponse.read` takes a connection that was closed early for the end of the file.
    """

    def __init__(self, response: Any) -> None:
        self._response = response
        self._missing = int(response.headers.get("Content-Length") or 0)

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer only at the end, or all.

        Raises:
            IncompleteRead: The connection ended before the file did.
        """
        content: bytes = self._response.read(None if size < 0 else size)
        self._missing -= len(content)
        if len(content) < size and self._missing > 0:
            raise IncompleteRead(content, self._missing)
        return content


def _state(url: str, headers: Any) -> str:
    """Describe what a server has: the URL, and what changes when the file does."""
    names = ("ETag", "Last-Modified", "Content-Length")
    return " ".join([url, *(value for name in names if (value := headers.get(name)))])


def _copied(s3: Any, bucket: str, key: str) -> str | None:
    try:
        metadata: dict[str, str] = s3.head_object(Bucket=bucket, Key=key)["Metadata"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
            raise
        return None
    return metadata.get(MARK)

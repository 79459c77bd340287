"""The state of a file on a server, by the headers of its response."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

MINIMUM_AGE = timedelta(seconds=60)
"""A younger Last-Modified is no validator: the file may change again within the same second."""

_KEPT = ("size", "etag", "modified", "validator")


@dataclass(frozen=True)
class FileState:
    """The state of a file on a server.

    Attributes:
        address: The hash of the URL before redirects. The URL itself may contain a token, and this
            record is stored in S3.
        size: The file's size in bytes, or None if the server does not give it.
        etag: The header ETag, or None.
        modified: The header Last-Modified, or None.
        validator: The value for If-Range: a strong ETag, or a Last-Modified that is old enough;
            else None.
        mark: A hash that identifies this state, or None without ETag and Last-Modified.
    """

    address: str
    size: int | None
    etag: str | None
    modified: str | None
    validator: str | None
    mark: str | None

    @classmethod
    def of(cls, url: str, size: int | None, headers: Any) -> FileState:
        """Return the state that a response's headers describe."""
        etag, modified = headers.get("ETag"), headers.get("Last-Modified")
        strong = etag if etag and not etag.startswith("W/") else None
        if etag is None and _is_old_enough(modified, headers.get("Date")):
            strong = modified
        return cls._of(url, size, etag, modified, strong)

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> FileState:
        """Return a state from its record; records of earlier versions contain the URL."""
        if "url" in record:
            return cls._of(*(record[name] for name in ("url", *_KEPT)))
        return cls(**record)

    @classmethod
    def _of(
        cls,
        url: str,
        size: int | None,
        etag: str | None,
        modified: str | None,
        validator: str | None,
    ) -> FileState:
        text = " ".join(map(str, (url, etag, modified, size)))
        mark = hashlib.sha256(text.encode()).hexdigest() if etag or modified else None
        return cls(address_of(url), size, etag, modified, validator, mark)


def address_of(url: str) -> str:
    """Return the hash by which records identify a URL without revealing a token in it."""
    return hashlib.sha256(url.encode()).hexdigest()


def _is_old_enough(modified: str | None, date: str | None) -> bool:
    then, now = _time(modified), _time(date)
    return then is not None and now is not None and now - then >= MINIMUM_AGE


def _time(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return found if found.tzinfo else None

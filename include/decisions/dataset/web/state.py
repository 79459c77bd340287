"""Which state of a file a server has: what changes when the file does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

SURELY_LATER = timedelta(seconds=60)
"""A file that was changed so shortly before it was asked for may change again in that second."""

_KEPT = ("size", "etag", "modified", "validator")


@dataclass(frozen=True)
class FileState:
    """What a server said of a file.

    Attributes:
        address: Where, before redirects: the URL's hash, since the URL may hold a token and this is
            kept in S3.
        size: Bytes of the whole file, or None where the server does not say.
        etag: As sent, or None.
        modified: As sent, or None.
        validator: What a range may be asked for under (If-Range): a strong ETag, or a
            time of change that lies far enough back; else None.
        mark: A name for this state, or None where the server says nothing that would change.
    """

    address: str
    size: int | None
    etag: str | None
    modified: str | None
    validator: str | None
    mark: str | None

    @classmethod
    def of(cls, url: str, size: int | None, headers: Any) -> FileState:
        """Read the headers of an answer."""
        etag, modified = headers.get("ETag"), headers.get("Last-Modified")
        strong = etag if etag and not etag.startswith("W/") else None
        if etag is None and _lies_back(modified, headers.get("Date")):
            strong = modified
        return cls._of(url, size, etag, modified, strong)

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> FileState:
        """Return a state from its record; earlier versions of this project kept the URL itself."""
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
        told = " ".join(map(str, (url, etag, modified, size)))
        mark = hashlib.sha256(told.encode()).hexdigest() if etag or modified else None
        return cls(address_of(url), size, etag, modified, validator, mark)


def address_of(url: str) -> str:
    """Return what a URL is known by in records: its hash, which tells no token."""
    return hashlib.sha256(url.encode()).hexdigest()


def _lies_back(modified: str | None, answered: str | None) -> bool:
    then, now = _time(modified), _time(answered)
    return then is not None and now is not None and now - then >= SURELY_LATER


def _time(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return found if found.tzinfo else None

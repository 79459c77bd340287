"""Rows by which a refresh's plan and its job agree on the photos that labels name.

The plan looks up the incoming photos that labels name (`LocatedPhoto`). The job notes which photo
each of these labels meant (`BoundLabel`), and which photos joined the dataset (`JoinedPhoto`), so
that another photo under the same name never gets the label.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NotRequired, TypedDict


class LocatedPhoto(TypedDict):
    """An incoming photo that a label names, as it is now; `etag` is None if it does not exist.

    `file` begins with `incoming/`; `modified` is the object's time in ISO 8601, `size` its bytes,
    `md5` the hash of its content where S3 says it.
    """

    file: str
    etag: str | None
    modified: str | None
    size: NotRequired[int | None]
    md5: NotRequired[str | None]


class BoundLabel(TypedDict):
    """The photo that a label means: the label's file, user and time, and the photo's hash."""

    file: str
    who: str
    when: str
    sha256: str


class JoinedPhoto(TypedDict):
    """A photo that is in the dataset by labels, not by the source.

    `stored` is its key relative to the pipeline's folder, `path` its path in the dataset.
    """

    sha256: str
    stored: str
    path: str


def label_number(file: str, who: str, when: str) -> int:
    """Return a 64-bit number of a label that names its photo by a file."""
    content = json.dumps([file, who, when]).encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def row_lines(rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield rows as lines of JSON in ASCII."""
    return (json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n" for row in rows)


def read_rows(lines: Iterable[str | bytes]) -> Iterator[Any]:
    """Yield the rows of lines that `row_lines` wrote.

    Raises:
        ValueError: A line is damaged.
    """
    for line in lines:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f"{line!r} is no row")
        yield row

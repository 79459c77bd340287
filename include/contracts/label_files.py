"""Names and lines of the files in labels/, in which users correct and add labels.

A file holds one JSON object a line. It is written once and never changed: a later opinion is a
later file. `label_file_name` names the files that programs write. Users may upload files under any
other name, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from include.contracts.records.label import LabelRecord

SUFFIXES = (".jsonl", ".manifest", ".json", ".ndjson")
"""Endings of the files that are read as labels; Ground Truth writes `output.manifest`."""

MAX_LINE_BYTES = 1 << 20
"""A longer line is no label."""

MAX_USER = 40
"""Characters of the user's name that a file's name holds; the records have the whole name."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._@]+")
_MARKED = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)/.*-(?P<time>\d{12})-(?P<mark>[0-9a-f]{16})(?P<kind>[lw])[0-9a-f]*\.jsonl"
)


@dataclass(frozen=True)
class MarkedName:
    """What the name of a file with a single label says, so that a reader needs no content.

    Attributes:
        moment: When the file was written.
        mark: The `photo_mark` of the photo.
        withdrawn: Whether the record withdraws the user's earlier label.
    """

    moment: datetime
    mark: str
    withdrawn: bool


def photo_mark(file: str) -> str:
    """Return the mark of a photo in names of label files: a hash of `LabelRecord.file`."""
    return hashlib.sha256(file.encode()).hexdigest()[:16]


def label_identifier(records: Sequence[LabelRecord], random: str) -> str:
    """Return the identifier of a file's name; a single label's marks the photo.

    Args:
        records: The labels of the file.
        random: A random text in hex that makes the name unique.
    """
    file = records[0].file if len(records) == 1 else None
    if file is None:
        return random
    return f"{photo_mark(file)}{'w' if records[0].withdrawn else 'l'}{random}"


def parse_marked_name(name: str) -> MarkedName | None:
    """Return what a name below labels/ says, or None if it marks no photo."""
    match = _MARKED.fullmatch(name)
    if match is None:
        return None
    time = match["time"]
    try:
        # A list has thousands of names, and strptime is ten times slower.
        moment = datetime.fromisoformat(
            f"{match['day']}T{time[:2]}:{time[2:4]}:{time[4:6]}.{time[6:]}+00:00"
        )
    except ValueError:
        return None
    return MarkedName(moment, match["mark"], match["kind"] == "w")


def label_file_name(user: str, moment: datetime, identifier: str) -> str:
    """Return the name below labels/ of a new file: `<date>/<user>-<time>-<id>.jsonl`.

    Args:
        user: The user who gives the labels; other characters than A-Z, a-z, 0-9, `.`, `_` and `@`
            become one `_`.
        moment: The time of writing, with a time zone.
        identifier: A text that makes the name unique (`label_identifier`).
    """
    utc = moment.astimezone(UTC)
    name = _UNSAFE.sub("_", user)[:MAX_USER].strip(".") or "_"
    return f"{utc:%Y-%m-%d}/{name}-{utc:%H%M%S%f}-{identifier}.jsonl"


def label_lines(records: Iterable[LabelRecord]) -> bytes:
    """Return the content of a label file: one JSON object a line, in UTF-8."""
    lines = (json.dumps(record.as_json(), ensure_ascii=False) for record in records)
    return "".join(f"{line}\n" for line in lines).encode()

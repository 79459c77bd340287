"""Names and lines of the files in labels/, in which users correct and add labels.

A file holds one JSON object a line. It is written once and never changed: a later opinion is a
later file. `label_file_name` names the files that programs write. Users may upload files under any
other name, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from include.contracts.records.label import LabelRecord

SUFFIXES = (".jsonl", ".manifest", ".json", ".ndjson")
"""Endings of the files that are read as labels; Ground Truth writes `output.manifest`."""

MAX_LINE_BYTES = 1 << 20
"""A longer line is no label."""

MAX_USER = 40
"""Characters of the user's name that a file's name holds; the records have the whole name."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._@]+")


def label_file_name(user: str, moment: datetime, identifier: str) -> str:
    """Return the name below labels/ of a new file: `<date>/<user>-<time>-<id>.jsonl`.

    Args:
        user: The user who gives the labels; other characters than A-Z, a-z, 0-9, `.`, `_` and `@`
            become one `_`.
        moment: The time of writing, with a time zone.
        identifier: A random text that makes the name unique.
    """
    utc = moment.astimezone(UTC)
    name = _UNSAFE.sub("_", user)[:MAX_USER].strip(".") or "_"
    return f"{utc:%Y-%m-%d}/{name}-{utc:%H%M%S%f}-{identifier}.jsonl"


def label_lines(records: Iterable[LabelRecord]) -> bytes:
    """Return the content of a label file: one JSON object a line, in UTF-8."""
    lines = (json.dumps(record.as_json(), ensure_ascii=False) for record in records)
    return "".join(f"{line}\n" for line in lines).encode()

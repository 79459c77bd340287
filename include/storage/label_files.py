"""Write labels that a user gives, for the next dataset refresh."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from include.contracts.label_files import label_file_name, label_identifier, label_lines
from include.contracts.records import LabelRecord
from include.storage.layout import Layout

JSON_LINES = "application/jsonl"


def write_labels(
    s3: Any, layout: Layout, user: str, records: Sequence[LabelRecord], now: datetime
) -> str:
    """Write one new file of labels; it appears complete or not at all.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        user: The user in whose name the file is written; each record's `who` has to be the same.
        records: The labels, at least one.
        now: The time of writing, with a time zone.

    Returns:
        The file's key.

    Raises:
        ValueError: There is no record, or a record is of another user.
    """
    if not records:
        raise ValueError("a file of labels needs at least one record")
    others = sorted({record.who for record in records} - {user})
    if others:
        raise ValueError(f"{user} cannot write labels in the name of {', '.join(others)}")
    identifier = label_identifier(records, secrets.token_hex(4))
    key = layout.label_file(label_file_name(user, now, identifier))
    body = label_lines(records)
    s3.put_object(Bucket=layout.bucket, Key=key, Body=body, ContentType=JSON_LINES, IfNoneMatch="*")
    return key

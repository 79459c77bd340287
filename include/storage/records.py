"""The small JSON files in S3 by which stages tell each other what they made."""

from __future__ import annotations

import json
from typing import Any

from include.common.errors import PermanentError


class RecordError(PermanentError):
    """A record that must be there is missing or not JSON; the text names it and the fix."""


def read_record(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    """Return a record, or None where there is none.

    Args:
        s3: A boto3 S3 client.
        bucket: Where.
        key: Which.

    Raises:
        RecordError: The object is not a JSON mapping.
    """
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return parse_record(body, bucket, key)


def parse_record(body: bytes, bucket: str, key: str) -> dict[str, Any]:
    """Return the content of a record's object.

    Raises:
        RecordError: It is not a JSON mapping.
    """
    try:
        record = json.loads(body)
    except ValueError as error:
        raise RecordError(f"s3://{bucket}/{key} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise RecordError(f"s3://{bucket}/{key} must hold a JSON mapping")
    return record


def need_record(s3: Any, bucket: str, key: str, made_by: str) -> dict[str, Any]:
    """Return a record that must be there.

    Raises:
        RecordError: It is missing; the text says what makes it.
    """
    record = read_record(s3, bucket, key)
    if record is None:
        raise RecordError(f"s3://{bucket}/{key} is missing: {made_by} writes it")
    return record


def write_record(s3: Any, bucket: str, key: str, record: Any, **condition: str) -> None:
    """Write a record; the object appears whole or not at all.

    Args:
        s3: A boto3 S3 client.
        bucket: The record's bucket.
        key: The record's key.
        record: Something that JSON can hold.
        **condition: `IfMatch` or `IfNoneMatch`, for a write that S3 refuses otherwise.
    """
    body = json.dumps(record, indent=1, ensure_ascii=False).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)

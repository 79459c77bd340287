"""Read and write the JSON records in S3 by which stages pass on their results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from include.common.errors import PermanentError
from include.contracts.records import Record, RecordProblem
from include.contracts.records import parse_record as parse_content

R = TypeVar("R", bound=Record)


class RecordError(PermanentError):
    """A required record is missing or invalid; the text names it and the fix."""


def read_record(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    """Return a record, or None if the object does not exist.

    Args:
        s3: A boto3 S3 client.
        bucket: The record's bucket.
        key: The record's key.

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
        RecordError: The object is not a JSON mapping.
    """
    try:
        record = json.loads(body)
    except ValueError as error:
        raise RecordError(f"s3://{bucket}/{key} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise RecordError(f"s3://{bucket}/{key} must hold a JSON mapping")
    return record


def need_record(s3: Any, bucket: str, key: str, made_by: str) -> dict[str, Any]:
    """Return a record that must exist.

    Raises:
        RecordError: The record is missing; the text names what writes it.
    """
    record = read_record(s3, bucket, key)
    if record is None:
        raise RecordError(f"s3://{bucket}/{key} is missing: {made_by} writes it")
    return record


def need_valid_record(s3: Any, bucket: str, key: str, made_by: str, model: type[R]) -> R:
    """Return a record that must exist, as its model.

    Args:
        s3: A boto3 S3 client.
        bucket: The record's bucket.
        key: The record's key.
        made_by: The job or DAG that writes the record, for error messages.
        model: The record's class in `include.contracts.records`.

    Raises:
        RecordError: The record is missing, or a field is; or a field is invalid.
    """
    content = need_record(s3, bucket, key, made_by)
    return validate_record(content, bucket, key, made_by, model)


def read_valid_record(s3: Any, bucket: str, key: str, made_by: str, model: type[R]) -> R | None:
    """Return a record as its model, or None if the object does not exist.

    The arguments are those of `need_valid_record`.

    Raises:
        RecordError: A field is missing or invalid.
    """
    content = read_record(s3, bucket, key)
    return None if content is None else validate_record(content, bucket, key, made_by, model)


def validate_record(
    content: Mapping[str, Any], bucket: str, key: str, made_by: str, model: type[R]
) -> R:
    """Return a record's content as its model.

    Raises:
        RecordError: A field is missing or invalid; the text names the object, the field and the
            fix. The object has to be deleted if what writes it reads it first, as with pointers.
    """
    try:
        return parse_content(model, content)
    except RecordProblem as problem:
        raise RecordError(
            f"s3://{bucket}/{key}: {problem}: delete the object and run {made_by} again"
        ) from None


def write_record(s3: Any, bucket: str, key: str, record: Any, **condition: str) -> None:
    """Write a record; the object appears complete or not at all.

    Args:
        s3: A boto3 S3 client.
        bucket: The record's bucket.
        key: The record's key.
        record: A record's model, or another value that JSON can hold.
        **condition: `IfMatch` or `IfNoneMatch`, for a conditional write.
    """
    content = record.as_json() if isinstance(record, Record) else record
    body = json.dumps(content, indent=1, ensure_ascii=False).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)

"""Pointers: records that name a current version, moved by compare-and-set.

A run reads a pointer in its plan and moves it after its job has completed. In between, another run
may have moved it, or a user may have cleared a task of an old run. S3's conditional writes
(If-Match and If-None-Match) then reject the write, so that a pointer never moves back to an older
version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from include.common.aws_errors import error_code
from include.contracts.records import DatasetPointer, Record, RecordioPointer
from include.decisions.decision import Decision
from include.storage.records import (
    parse_record,
    read_valid_record,
    validate_record,
    write_record,
)

R = TypeVar("R", bound=Record)

CHANGED = frozenset({"PreconditionFailed", "NoSuchKey", "412", "404"})
"""Error codes of a rejected conditional write: the object changed, or If-Match found no object."""


def condition(etag: str | None) -> dict[str, str]:
    """Return the `put_object` parameters of a write that replaces only the state with this ETag.

    With None the write creates the object, and fails if there is one.
    """
    return {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}


@dataclass(frozen=True)
class Pointer(Generic[R]):
    """A pointer and its state in S3 when it was read.

    Attributes:
        record: The pointer's content, or None if the object does not exist yet.
        etag: The object's ETag, which `move_pointer` compares, or None.
    """

    record: R | None
    etag: str | None

    @property
    def condition(self) -> dict[str, str]:
        """The `put_object` parameters of a write that replaces only this state."""
        return condition(self.etag)


def read_pointer(s3: Any, bucket: str, key: str, made_by: str, model: type[R]) -> Pointer[R]:
    """Read a pointer and its ETag.

    Args:
        s3: A boto3 S3 client.
        bucket: The pointer's bucket.
        key: The pointer's key.
        made_by: The DAG that moves the pointer, for error messages.
        model: The class of the pointer's record.

    Raises:
        RecordError: The object is not a valid record.
    """
    try:
        response = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return Pointer(None, None)
    content = parse_record(response["Body"].read(), bucket, key)
    return Pointer(validate_record(content, bucket, key, made_by, model), response["ETag"])


def move_pointer(
    s3: Any, bucket: str, key: str, record: DatasetPointer | RecordioPointer, seen: str | None
) -> Decision:
    """Write a pointer, unless it has changed since the run was planned.

    Args:
        s3: A boto3 S3 client.
        bucket: The pointer's bucket.
        key: The pointer's key.
        record: The new content.
        seen: The ETag that the run's plan read, or None if there was no pointer.

    Returns:
        Go, if the pointer now names this record's job, also if an earlier try of the task wrote
        it. Otherwise the reason says which version and job the pointer names.
    """
    try:
        write_record(s3, bucket, key, record, **condition(seen))
    except s3.exceptions.ClientError as error:
        if error_code(error) not in CHANGED:
            raise
    else:
        return Decision(True, f"{key} now names version {record.version}")
    present = read_valid_record(s3, bucket, key, f"job {record.job}", type(record))
    if present and present.job == record.job:
        return Decision(True, f"{key} already names version {record.version}")
    named = f"version {present.version} of job {present.job}" if present else "no version"
    return Decision(
        False,
        f"{key} was changed after this run was planned: it names {named} and is not overwritten, "
        f"because version {record.version} of job {record.job} may be older; trigger the DAG again "
        "to make a version of the current state",
    )

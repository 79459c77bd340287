"""Pointers: records that name a current version, moved by compare-and-set.

A run reads a pointer when it plans, and moves it when its job is done. Another run may have moved
it in between, or a user may clear a task of an old run. S3's conditional writes (If-Match and
If-None-Match) then refuse the write, so that a pointer never goes back to an older version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.common.aws_errors import error_code
from include.decisions.decision import Decision
from include.storage.records import parse_record, read_record, write_record

CHANGED = frozenset({"PreconditionFailed", "NoSuchKey", "412", "404"})
"""How S3 refuses a conditional write: the object changed, or If-Match finds no object."""


def condition(etag: str | None) -> dict[str, str]:
    """Return the condition of a write that only replaces the state with this ETag, or nothing."""
    return {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}


@dataclass(frozen=True)
class Pointer:
    """A pointer as a run found it.

    Attributes:
        record: Its content, or None where there is no such object yet.
        etag: Its ETag, by which `move_pointer` recognizes this state, or None.
    """

    record: dict[str, Any] | None
    etag: str | None

    @property
    def version(self) -> str | None:
        """The version that it names, or None."""
        return self.record.get("version") if self.record else None

    @property
    def condition(self) -> dict[str, str]:
        """The condition of a write that replaces this state only."""
        return condition(self.etag)


def read_pointer(s3: Any, bucket: str, key: str) -> Pointer:
    """Return a pointer with the ETag of this state.

    Args:
        s3: A boto3 S3 client.
        bucket: The pointer's bucket.
        key: The pointer's key.

    Raises:
        RecordError: The object is not a JSON mapping.
    """
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return Pointer(None, None)
    return Pointer(parse_record(answer["Body"].read(), bucket, key), answer["ETag"])


def move_pointer(
    s3: Any, bucket: str, key: str, record: Mapping[str, Any], seen: str | None
) -> Decision:
    """Write a pointer, unless it has changed since this run was planned.

    Args:
        s3: A boto3 S3 client.
        bucket: The pointer's bucket.
        key: The pointer's key.
        record: The new content, with `version` and the `job` that made it.
        seen: The ETag that the run's plan read, or None where there was no pointer.

    Returns:
        Go, if the pointer names this record's job now: also where an earlier try of the task wrote
        it. Otherwise the reason says what the pointer names instead.
    """
    try:
        write_record(s3, bucket, key, record, **condition(seen))
    except s3.exceptions.ClientError as error:
        if error_code(error) not in CHANGED:
            raise
    else:
        return Decision(True, f"{key} names version {record['version']} now")
    present = read_record(s3, bucket, key) or {}
    if present.get("job") == record["job"]:
        return Decision(True, f"{key} names version {record['version']} already")
    return Decision(
        False,
        f"{key} was changed after this run was planned: it names version "
        f"{present.get('version')} of job {present.get('job')} and is left so, because version "
        f"{record['version']} of job {record['job']} may be older; trigger the DAG again for a "
        "version of the present state",
    )

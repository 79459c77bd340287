"""Calls to S3 by commands whose jobs are not isolated, with the credentials of the job's role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONNECTIONS = 32


def s3_client() -> Any:
    """Return a boto3 S3 client, whose answers have times as text.

    Throttled and interrupted calls are repeated for some minutes.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    session = botocore.session.get_session()
    # No command reads times, and parsing them takes two thirds of the time of a listing. The AWS
    # CLI leaves them as text in the same way.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    retries = {"mode": "adaptive", "total_max_attempts": 10}
    return boto3.Session(botocore_session=session).client(
        "s3", config=Config(retries=retries, max_pool_connections=CONNECTIONS)
    )


def find_object(s3: Any, bucket: str, key: str) -> Mapping[str, Any] | None:
    """Return an object's entry in S3's listing, or None if there is no such object.

    For a missing object other calls fail with "access denied" if the permission to list the bucket
    is limited to prefixes, as in the role of jobs.
    """
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    entries = [entry for entry in found.get("Contents", []) if entry["Key"] == key]
    return entries[0] if entries else None

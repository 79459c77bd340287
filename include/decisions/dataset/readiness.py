"""Is the source whole, or is somebody still writing it?"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from include.common.aws_errors import is_denied
from include.config.deployment import LOCAL
from include.config.sections.source import DEFAULT_SETTLE_MINUTES, Source
from include.decisions.dataset.source import Listing, split
from include.decisions.decision import Decision

ABANDONED = timedelta(days=1)
"""An upload that was begun so long ago and not finished is waited for no longer."""

HALF_WRITTEN = frozenset({".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download"})
"""What browsers and copying tools call a file that they have not finished."""

NEVER_EMPTY = frozenset({".tgz", ".gz", ".tar", ".zip", ".bz2", ".xz", ".mat", ".lst", ".csv"})
"""An empty photo is quarantined with its reason; of these, an empty one spoils the whole source."""

NAMED = 3

log = logging.getLogger(__name__)


class SourceNotReadyError(Exception):
    """Somebody is writing the source: a later try may find it whole. The text names the keys."""


def decide_complete(listing: Listing, marker: str | None) -> Decision:
    """Decide whether the source's owner calls it complete.

    Args:
        listing: What is there.
        marker: The name of the object that is written last, or None where nobody writes one.
    """
    if marker is None or f"{split(listing.uri)[1]}{marker}" in listing.objects:
        return Decision(True, "the source is complete")
    return Decision(False, f"{listing.uri}{marker} is missing: the source is not complete yet")


def settle_time(source: Source, deployment: str) -> timedelta:
    """Return how long the source must have been left alone.

    Nothing, unless said otherwise, where its completeness is known in another way: files from the
    web and those of `make run` appear whole, and a marker says that all are there.
    """
    if source.settle_minutes is not None:
        return timedelta(minutes=source.settle_minutes)
    known = source.urls or source.complete_marker or deployment == LOCAL
    return timedelta() if known else timedelta(minutes=DEFAULT_SETTLE_MINUTES)


def require_finished_uploads(
    s3: Any, listing: Listing, fetched: Collection[str], now: datetime
) -> None:
    """Refuse a source that is being written, by what can be seen at this moment.

    Args:
        s3: A boto3 S3 client.
        listing: What is there.
        fetched: Names of the files that the pipeline itself fetches, whole.
        now: The current time, timezone-aware.

    Raises:
        SourceNotReadyError: Uploads are under way, or files are half-written.
    """
    own = {f"{split(listing.uri)[1]}{name}" for name in fetched}
    problems = (
        ("is being uploaded", "wait for it, or abort the upload", _uploads(s3, listing, now)),
        ("is half-written", "finish or remove it", set(_half_written(listing)) - own),
    )
    for what, fix, keys in problems:
        if keys:
            raise SourceNotReadyError(f"{listing.uri}: {_names(keys)} {what}: {fix}")


def _half_written(listing: Listing) -> list[str]:
    """Return the keys whose name or emptiness says that the file is not all there."""
    return [
        key
        for key, entry in listing.objects.items()
        if (suffix := PurePosixPath(key).suffix.lower()) in HALF_WRITTEN
        or (entry["Size"] == 0 and suffix in NEVER_EMPTY)
    ]


def _uploads(s3: Any, listing: Listing, now: datetime) -> list[str]:
    """Return the keys of unfinished multipart uploads, but for abandoned ones."""
    bucket, prefix = split(listing.uri)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    try:
        found = [entry for page in pages for entry in page.get("Uploads", [])]
    except s3.exceptions.ClientError as error:
        if not is_denied(error):
            raise
        log.warning(
            "uploads to %s are not seen: s3:ListBucketMultipartUploads is not allowed", listing.uri
        )
        return []
    old = [entry["Key"] for entry in found if now - entry["Initiated"] > ABANDONED]
    if old:
        log.warning("%s: %s: uploads abandoned over a day ago", listing.uri, _names(old))
    return [entry["Key"] for entry in found if now - entry["Initiated"] <= ABANDONED]


def _names(keys: Collection[str]) -> str:
    first = sorted(set(keys))
    more = f" and {len(first) - NAMED} more" if len(first) > NAMED else ""
    return f"{', '.join(first[:NAMED])}{more}"

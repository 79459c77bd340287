"""Detect sources that are still being uploaded."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from include.common.aws_errors import is_denied
from include.common.s3_uri import split_s3_uri
from include.common.text import FirstNames
from include.config.deployment import LOCAL
from include.config.sections.source import DEFAULT_SETTLE_MINUTES, Source
from include.decisions.dataset.source import Listing
from include.decisions.decision import Decision

ABANDONED = timedelta(days=1)
"""Unfinished uploads older than this are ignored."""

log = logging.getLogger(__name__)


class SourceNotReadyError(Exception):
    """The source is still being uploaded; a retry may find it complete. The text names the keys."""


def decide_complete(listing: Listing, marker: str | None) -> Decision:
    """Decide whether the source is complete, by the marker that its owner writes last.

    Args:
        listing: The source's objects.
        marker: The name of the marker object, or None if there is no such marker.
    """
    if marker is None or listing.has_marker:
        return Decision(True, "the source is complete")
    return Decision(False, f"{listing.uri}{marker} is missing: the source is not complete yet")


def settle_time(source: Source, deployment: str) -> timedelta:
    """Return how long the source must have been unchanged before it is read.

    The default is zero if completeness is known otherwise: files from the web and those of
    `make run` are written in one step, and a marker means that all files exist.
    """
    if source.settle_minutes is not None:
        return timedelta(minutes=source.settle_minutes)
    known = source.urls or source.complete_marker or deployment == LOCAL
    return timedelta() if known else timedelta(minutes=DEFAULT_SETTLE_MINUTES)


def require_finished_uploads(s3: Any, listing: Listing, now: datetime) -> None:
    """Check that there are no unfinished uploads and no unfinished files in the source.

    Args:
        s3: A boto3 S3 client.
        listing: The source's objects.
        now: The current time, timezone-aware.

    Raises:
        SourceNotReadyError: There are unfinished uploads or files.
    """
    problems = (
        ("is being uploaded", "wait for it, or abort the upload", _uploads(s3, listing, now)),
        ("is half-written", "finish or remove it", listing.unfinished),
    )
    for problem, fix, keys in problems:
        if keys.count:
            raise SourceNotReadyError(f"{listing.uri}: {keys} {problem}: {fix}")


def _uploads(s3: Any, listing: Listing, now: datetime) -> FirstNames:
    """Return the keys of unfinished multipart uploads, without abandoned ones."""
    bucket, prefix = split_s3_uri(listing.uri)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    old, unfinished = FirstNames(), FirstNames()
    try:
        for page in pages:
            for entry in page.get("Uploads", []):
                is_old = now - entry["Initiated"] > ABANDONED
                (old if is_old else unfinished).add(entry["Key"])
    except s3.exceptions.ClientError as error:
        if not is_denied(error):
            raise
        log.warning(
            "unfinished uploads to %s are not detected: s3:ListBucketMultipartUploads is not "
            "allowed",
            listing.uri,
        )
        return FirstNames()
    if old.count:
        log.warning("%s: %s: uploads that began over a day ago are ignored", listing.uri, old)
    return unfinished

"""Check that a source has not changed for the settle time.

An object's LastModified is not the time at which it appeared: for a multipart upload, S3 gives the
time at which the upload began. Therefore a hash of the first listing is stored in a record, and a
retry or a later run compares its own listing with it. No worker slot is held in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.contracts.records import SourceSeen
from include.decisions.dataset.readiness import SourceNotReadyError
from include.decisions.dataset.source import Listing
from include.storage.layout import Layout
from include.storage.records import read_valid_record, write_record


def require_settled(
    s3: Any,
    layout: Layout,
    listing: Listing,
    settle: timedelta,
    now: datetime,
) -> None:
    """Check that a source has been in its present state for the settle time.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        listing: The source's objects.
        settle: The settle time; nothing is checked if it is zero.
        now: The time of the listing, timezone-aware.

    Raises:
        SourceNotReadyError: The present state is new, or was first seen too recently.
    """
    if not settle:
        return
    place = (s3, layout.bucket, layout.source_seen)
    seen = read_valid_record(*place, "dataset refresh", SourceSeen)
    if seen is None or seen.state != listing.state:
        seen = SourceSeen(uri=listing.uri, state=listing.state, since=now.isoformat())
        write_record(*place, seen)
    if now - datetime.fromisoformat(seen.since) < settle:
        raise SourceNotReadyError(
            f"{listing.uri} has changed: its present state was first seen at {seen.since}, and "
            f"must stay unchanged for {settle.total_seconds() / 60:g} minutes: wait; or set "
            "source.settle_minutes, or source.complete_marker if the source's owner writes a "
            "marker"
        )

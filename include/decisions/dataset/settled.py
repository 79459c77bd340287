"""Read a source only after two listings of it, the settle time apart, were equal.

An object's LastModified does not say when it appeared: for a multipart upload, S3 gives the time
at which the upload began. So the first listing is kept in a small record, and a later try of the
task, or a later run, compares its own listing with it. No worker slot is held in between.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from include.config.versions import digest
from include.decisions.dataset.readiness import SourceNotReadyError
from include.decisions.dataset.source import Listing, split
from include.storage.layout import Layout
from include.storage.records import read_record, write_record


def require_settled(
    s3: Any,
    layout: Layout,
    listing: Listing,
    fetched: Collection[str],
    settle: timedelta,
    now: datetime,
) -> None:
    """Refuse a source that was not seen in this state for the settle time yet.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        listing: What is there.
        fetched: Names of the files that the pipeline itself fetches; they appear whole.
        settle: How long nothing must have changed; nothing is looked at where this is zero.
        now: The time of the listing, with its zone.

    Raises:
        SourceNotReadyError: This state is new, or was first seen more recently than that.
    """
    if not settle:
        return
    state = _state(listing, fetched)
    seen = read_record(s3, layout.bucket, layout.source_seen) or {}
    if seen.get("state") != state:
        seen = {"uri": listing.uri, "state": state, "since": now.isoformat()}
        write_record(s3, layout.bucket, layout.source_seen, seen)
    if now - datetime.fromisoformat(seen["since"]) < settle:
        raise SourceNotReadyError(
            f"{listing.uri} has changed: its present state was first seen at {seen['since']}, and "
            f"has to last for {settle.total_seconds() / 60:g} minutes: wait; or set "
            "source.settle_minutes, or source.complete_marker if somebody writes one"
        )


def _state(listing: Listing, fetched: Collection[str]) -> str:
    """Name a listing by its objects; writing one anew counts, even with the same content."""
    own = {f"{split(listing.uri)[1]}{name}" for name in fetched}
    objects = {
        key: [entry["ETag"], entry["Size"], entry["LastModified"].isoformat()]
        for key, entry in listing.objects.items()
        if key not in own
    }
    return digest({"uri": listing.uri, "objects": objects})

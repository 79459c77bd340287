"""Recognize a night without new images, without a job and with a bounded amount of work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.common.incoming import RECHECKED_OBJECTS, ListingHash, is_ignored
from include.contracts.records import Selection
from include.storage.layout import Layout
from include.storage.records import RecordError, read_valid_record


def all_processed(s3: Any, layout: Layout) -> bool:
    """Return whether the last `select` job has seen `incoming/` as it is, and left nothing to do.

    That is the case if `incoming/` has the same images, no new image remained, the batch that the
    job chose has a record, and no batch was deleted since. The listing is compared for at most
    `RECHECKED_OBJECTS` images; with more, the answer is False and `select` finds out.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
    """
    last = _last_selection(s3, layout)
    if last is None or last.counts.remaining or last.counts.listed > RECHECKED_OBJECTS:
        return False
    if last.batch and not has_object(s3, layout.bucket, layout.batch_record(last.batch)):
        return False
    return set(last.recorded) <= set(batch_folders(s3, layout)) and _lists(s3, layout, last)


def batch_folders(s3: Any, layout: Layout) -> Iterator[str]:
    """Yield the names of the batches, by their folders; some may have no record."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.batches, Delimiter="/"
    )
    for page in pages:
        for folder in page.get("CommonPrefixes", []):
            yield folder["Prefix"].removeprefix(layout.batches).rstrip("/")


def has_object(s3: Any, bucket: str, key: str) -> bool:
    """Return whether an object exists, or another one whose key begins with this key."""
    return bool(s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("KeyCount"))


def _last_selection(s3: Any, layout: Layout) -> Selection | None:
    """Return the last job's result, or None if it is missing or invalid: the next job writes it."""
    try:
        key = layout.last_selection
        return read_valid_record(s3, layout.bucket, key, "the select job", Selection)
    except RecordError:
        return None


def _lists(s3: Any, layout: Layout, last: Selection) -> bool:
    """Return whether the listing of `incoming/` is that of the last job."""
    found = ListingHash()
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.incoming
    )
    for page in pages:
        for entry in page.get("Contents", []):
            if not is_ignored(entry["Key"]):
                found.add(entry["Key"].removeprefix(layout.incoming), entry["ETag"])
        if found.images > last.counts.listed:
            return False
    return found.hexdigest() == last.listing

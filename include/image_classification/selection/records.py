"""Bring the ledger up to date with the records of the batches in S3."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from include.contracts import files
from include.contracts.records import BatchRecord, parse_json_record
from include.image_classification.container import CommandError
from include.image_classification.progress import with_progress
from include.image_classification.s3_access import CONNECTIONS
from include.image_classification.selection.folder import Folder
from include.image_classification.selection.ledger import Ledger


def download_ledger(batches: Folder, target: Path) -> Path | None:
    """Download the ledger of the last run to a file; return None if there is none."""
    if batches.tag(files.BATCH_LEDGER) is None:
        return None
    body = batches.s3.get_object(**batches.key(files.BATCH_LEDGER))["Body"]
    with target.open("wb") as file:
        for block in iter(lambda: body.read(1 << 20), b""):
            file.write(block)
    return target


def update_ledger(ledger: Ledger, batches: Folder) -> list[str]:
    """Bring the ledger up to date, and return the batches that have a record.

    A record is read again if its ETag has changed. One record is in memory at a time.

    Raises:
        CommandError: A record is invalid.
    """
    found, known = _record_tags(batches), ledger.records()
    ledger.remove([batch for batch, tag in known.items() if found.get(batch) != tag])
    unread = [batch for batch, tag in found.items() if known.get(batch) != tag]
    for batch in with_progress(unread, "records read", len(unread)):
        record, tag = _read(batches, batch)
        ledger.add(batch, tag, {**record.images, **record.unreadable_tags})
    return sorted(found)


def _record_tags(batches: Folder) -> dict[str, str]:
    """Return the ETags of the batches' records; batches without a record are left out."""
    names = list(_names(batches))
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        tags = threads.map(lambda name: batches.tag(_record_name(name)), names)
        return {name: tag for name, tag in zip(names, tags, strict=True) if tag is not None}


def _names(batches: Folder) -> Iterator[str]:
    """Yield the names of the batches, by their folders."""
    pages = batches.s3.get_paginator("list_objects_v2").paginate(
        Bucket=batches.bucket, Prefix=batches.prefix, Delimiter="/"
    )
    for page in pages:
        for folder in page.get("CommonPrefixes", []):
            yield folder["Prefix"].removeprefix(batches.prefix).rstrip("/")


def _record_name(batch: str) -> str:
    return f"{batch}/{files.BATCH_RECORD}"


def _read(batches: Folder, batch: str) -> tuple[BatchRecord, str]:
    name = _record_name(batch)
    response = batches.s3.get_object(**batches.key(name))
    try:
        record = parse_json_record(BatchRecord, response["Body"].read())
        return record, str(response["ETag"])
    except ValueError as error:
        raise CommandError(
            f"{batches.uri(name)}: {error}: delete the object; its images are then predicted again"
        ) from None

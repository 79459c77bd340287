"""The ledger of images that successful batches have processed, from the batches' records."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.contracts.records import BatchRecord
from include.decisions.batch.ledger_summary import (
    BatchEntry,
    BatchSummary,
    SummaryDamagedError,
    open_summary,
)
from include.storage.layout import Layout
from include.storage.records import read_valid_record

Content = tuple[str, str]
"""An image's key below `incoming/` and its ETag."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ledger:
    """The latest batch that has processed each image.

    Images are identified by key and ETag. The order of batches is that of their runs, which may
    differ from the order of publication if a user clears an old run.

    Attributes:
        predicted: The latest batch that predicted each image.
        unreadable: The latest batch that listed each image as unreadable.
    """

    predicted: dict[Content, str] = field(default_factory=dict)
    unreadable: dict[Content, str] = field(default_factory=dict)

    def latest_batch(self, content: Content) -> str | None:
        """Return the latest batch that has processed an image, or None."""
        batches = (self.predicted.get(content), self.unreadable.get(content))
        return max((batch for batch in batches if batch), default=None)

    def add(self, entry: BatchEntry, contents: Collection[Content]) -> None:
        """Add a batch's images, as far as they are among `contents`."""
        for latest, images in (
            (self.predicted, entry.images),
            (self.unreadable, entry.unreadable_tags),
        ):
            _add(latest, entry.batch, images, contents)


def read_ledger(
    s3: Any, layout: Layout, contents: Collection[Content], without: str | None = None
) -> Ledger:
    """Return which of these images successful batches have processed.

    Most batches are read from the summary in one request, the others from their own records. If a
    record is written again, the summary keeps what it has. A batch whose folder a user has deleted
    does not count. Deleting only its batch.json has no effect once the summary has the batch:
    delete the whole folder, or the summary as well.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        contents: The images to look up; only these are held in memory.
        without: A batch to ignore.
    """
    folders = set(_batches(s3, layout))
    with open_summary(s3, layout) as summary:
        ledger, known = _read_summary(summary, folders - {without}, contents)
        for batch in sorted(folders - known - {without}):
            key = layout.batch_record(batch)
            record = read_valid_record(s3, layout.bucket, key, "batch inference", BatchRecord)
            if record is not None:
                entry = BatchEntry(batch, record.images, record.unreadable_tags)
                ledger.add(entry, contents)
                summary.add(entry)
        summary.save()
    return ledger


def _read_summary(
    summary: BatchSummary, folders: Collection[str], contents: Collection[Content]
) -> tuple[Ledger, set[str]]:
    """Return the ledger of the batches in the summary, and the names of these batches."""
    ledger, known = Ledger(), set()
    try:
        for entry in summary.entries():
            if entry.batch in folders:
                known.add(entry.batch)
                ledger.add(entry, contents)
    except SummaryDamagedError as error:
        log.warning("the summary of batches is damaged and will be written again: %s", error)
        return Ledger(), set()
    return ledger, known


def _add(
    latest: dict[Content, str],
    batch: str,
    images: Mapping[str, str],
    contents: Collection[Content],
) -> None:
    for content in images.items():
        if content in contents:
            latest[content] = max(batch, latest.get(content, ""))


def _batches(s3: Any, layout: Layout) -> Iterator[str]:
    """Yield the names of the batches, by their folders."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.batches, Delimiter="/"
    )
    folders: Iterable[Any] = (folder for page in pages for folder in page.get("CommonPrefixes", []))
    return (folder["Prefix"].removeprefix(layout.batches).rstrip("/") for folder in folders)

"""What successful batches have dealt with, by their records."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.decisions.batch.ledger_summary import (
    BatchEntry,
    BatchSummary,
    SummaryDamagedError,
    open_summary,
)
from include.storage.layout import Layout
from include.storage.records import read_record

Content = tuple[str, str]
"""An image's key below `incoming/`, and the tag that tells its content from another's."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ledger:
    """Which batch has dealt with what; of several, the one of the latest run.

    Contents are asked for and not names alone: the records' order is that of their runs and not of
    their commits, for a person may clear an old run.
    """

    predicted: dict[Content, str] = field(default_factory=dict)
    unreadable: dict[Content, str] = field(default_factory=dict)

    def batch(self, content: Content) -> str | None:
        """Return the latest batch that has dealt with an image, or None."""
        found = (self.predicted.get(content), self.unreadable.get(content))
        return max((batch for batch in found if batch), default=None)

    def note(self, entry: BatchEntry, wanted: Collection[Content]) -> None:
        """Note which of the wanted images a batch has dealt with."""
        for found, images in (
            (self.predicted, entry.images),
            (self.unreadable, entry.unreadable_tags),
        ):
            _note(found, entry.batch, images, wanted)


def read_ledger(
    s3: Any, layout: Layout, wanted: Collection[Content], without: str | None = None
) -> Ledger:
    """Find out which images successful batches have dealt with.

    Most batches are read from the summary, in one request, and only the others from their own
    records. A record that is written again adds nothing to what the summary has of it. A batch
    whose folder a user has deleted does not count. Deleting only its batch.json is not enough
    once the summary has the batch: then the whole folder has to go, or the summary, too.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        wanted: The images that are asked for; memory holds no others.
        without: A batch that does not count.
    """
    folders = set(_batches(s3, layout))
    with open_summary(s3, layout) as summary:
        found, known = _summarized(summary, folders - {without}, wanted)
        for batch in sorted(folders - known - {without}):
            record = read_record(s3, layout.bucket, layout.batch_record(batch))
            if record is not None:
                entry = BatchEntry.of(batch, record)
                found.note(entry, wanted)
                summary.add(entry)
        summary.save()
    return found


def _summarized(
    summary: BatchSummary, folders: Collection[str], wanted: Collection[Content]
) -> tuple[Ledger, set[str]]:
    """Return what the summary has of these batches, and which of them it has."""
    found, known = Ledger(), set()
    try:
        for entry in summary.entries():
            if entry.batch in folders:
                known.add(entry.batch)
                found.note(entry, wanted)
    except SummaryDamagedError as error:
        log.warning("the summary of batches is damaged, and made anew: %s", error)
        return Ledger(), set()
    return found, known


def _note(
    found: dict[Content, str], batch: str, images: Mapping[str, str], wanted: Collection[Content]
) -> None:
    for content in images.items():
        if content in wanted:
            found[content] = max(batch, found.get(content, ""))


def _batches(s3: Any, layout: Layout) -> Iterator[str]:
    """Yield the batches by name, without listing all the answers that lie in them."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.batches, Delimiter="/"
    )
    folders: Iterable[Any] = (folder for page in pages for folder in page.get("CommonPrefixes", []))
    return (folder["Prefix"].removeprefix(layout.batches).rstrip("/") for folder in folders)

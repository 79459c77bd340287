"""What successful batches have dealt with, by their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from include.pipeline.layout import Layout
from include.policies.records import read_record

Content = tuple[str, str]
"""An image's key below `incoming/`, and the tag that tells its content from another's."""


@dataclass(frozen=True)
class Committed:
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


def committed(s3: Any, layout: Layout, without: str | None = None) -> Committed:
    """Read the records of all successful batches but for one.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        without: A batch whose own record is not asked.
    """
    found = Committed()
    for batch in _batches(s3, layout):
        if batch == without:
            continue
        record = read_record(s3, layout.bucket, layout.batch_record(batch)) or {}
        found.predicted.update(dict.fromkeys(record.get("images", {}).items(), batch))
        found.unreadable.update(dict.fromkeys(record.get("unreadable_tags", {}).items(), batch))
    return found


def _batches(s3: Any, layout: Layout) -> Iterator[str]:
    """Yield the batches by name, without listing all the answers that lie in them."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.batches, Delimiter="/"
    )
    folders: Iterable[Any] = (each for page in pages for each in page.get("CommonPrefixes", []))
    return (folder["Prefix"].removeprefix(layout.batches).rstrip("/") for folder in folders)

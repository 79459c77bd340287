"""The summary of batch records: the processed images of all batches in one S3 object.

Without the summary each run would read the records of all earlier batches. The summary is a copy of
what planning needs from the records; a batch that is not in the summary is read from its own
record. The summary may be deleted at any time, and the next run writes it again. A batch in the
summary counts as long as its folder has an object, even if its batch.json is missing.

The object is a gzip file with one line of JSON per batch. Batches are appended as further gzip
members, so that existing lines are not compressed again.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from include.common.aws_errors import error_code
from include.decisions.pointer import CHANGED, condition
from include.storage.layout import Layout

APPENDED_AT_ONCE = 16
"""The number of batches that are read from their records before they are appended."""

IN_MEMORY = 8 * 1024**2
"""The size in bytes above which a summary is stored in a temporary file instead of memory."""

DAMAGED = (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError)

log = logging.getLogger(__name__)


class SummaryDamagedError(Exception):
    """The summary cannot be read; all batches have to be read from their own records."""


@dataclass(frozen=True)
class BatchEntry:
    """A batch's images with their ETags, as in its record."""

    batch: str
    images: Mapping[str, str]
    unreadable_tags: Mapping[str, str]

    def line(self) -> bytes:
        """Return the entry as a line of the summary."""
        row = {
            "batch": self.batch,
            "images": dict(self.images),
            "unreadable_tags": dict(self.unreadable_tags),
        }
        return json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n"


class BatchSummary:
    """The summary in S3, and the batches to append to it.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        file: An empty file for the summary.
        additions: An empty file for the lines to append.
    """

    def __init__(self, s3: Any, layout: Layout, file: IO[bytes], additions: IO[bytes]) -> None:
        self._s3, self._layout, self._file = s3, layout, file
        self._etag: str | None = None
        self._additions, self._added = additions, 0
        try:
            response = s3.get_object(Bucket=layout.bucket, Key=layout.batches_summary)
        except s3.exceptions.NoSuchKey:
            return
        self._etag = response["ETag"]
        shutil.copyfileobj(response["Body"], file)

    def entries(self) -> Iterator[BatchEntry]:
        """Yield the batches of the summary.

        Raises:
            SummaryDamagedError: The object is damaged, and `save` will replace it.
        """
        self._file.seek(0)
        try:
            with gzip.open(self._file, "rb") as lines:
                for line in lines:
                    row = json.loads(line)
                    yield BatchEntry(str(row["batch"]), row["images"], row["unreadable_tags"])
        except DAMAGED as error:
            self._file.seek(0)
            self._file.truncate()
            raise SummaryDamagedError(repr(error)) from error

    def add(self, entry: BatchEntry) -> None:
        """Add a batch that is missing in the summary."""
        self._additions.write(gzip.compress(entry.line(), mtime=0))
        self._added += 1

    def save(self) -> None:
        """Append the added batches to the summary in S3, once there are enough of them.

        If another task has written the summary in the meantime, nothing is written, and a later
        run appends them.
        """
        if self._added < APPENDED_AT_ONCE:
            return
        self._additions.seek(0)
        self._file.seek(0, os.SEEK_END)
        shutil.copyfileobj(self._additions, self._file)
        self._file.seek(0)
        target = {"Bucket": self._layout.bucket, "Key": self._layout.batches_summary}
        try:
            self._s3.put_object(**target, Body=self._file, **condition(self._etag))
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in CHANGED:
                raise
            log.info("another task has written %s in the meantime", self._layout.batches_summary)


@contextmanager
def open_summary(s3: Any, layout: Layout) -> Iterator[BatchSummary]:
    """Read the summary of a pipeline's batches, which may not exist yet."""
    files = tempfile.SpooledTemporaryFile
    with files(IN_MEMORY) as file, files(IN_MEMORY) as additions:
        yield BatchSummary(s3, layout, file, additions)

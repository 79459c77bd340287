"""The summary of batch records: which images successful batches have dealt with, in one object.

Each run would otherwise read the record of every batch that there ever was. The summary is a copy
of what planning needs from the records: a batch that is not in it is read from its own record. So
it may be deleted at any time, and the next run writes it anew. A batch that is in it counts while
its folder has any object, although its batch.json may be gone.

The object is a gzip file of one JSON document a batch. Further batches are appended as a gzip
member of their own, which the format allows, so that nothing is compressed again.
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
"""So many batches are read from their own records before they are appended to the summary."""

IN_MEMORY = 8 * 1024**2
"""Bytes of a summary that are held in memory; a larger one lies in a temporary file."""

DAMAGED = (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError)

log = logging.getLogger(__name__)


class SummaryDamagedError(Exception):
    """The summary cannot be read: all batches are read from their own records."""


@dataclass(frozen=True)
class BatchEntry:
    """One batch's images with their tags, as its record has them."""

    batch: str
    images: Mapping[str, str]
    unreadable_tags: Mapping[str, str]

    @classmethod
    def of(cls, batch: str, record: Mapping[str, Any]) -> BatchEntry:
        """Take what planning needs from a batch's record, or from a line of the summary."""
        return cls(batch, record.get("images", {}), record.get("unreadable_tags", {}))

    def line(self) -> bytes:
        """The entry as a line of the summary."""
        row = {
            "batch": self.batch,
            "images": dict(self.images),
            "unreadable_tags": dict(self.unreadable_tags),
        }
        return json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n"


class BatchSummary:
    """The summary as it is in S3, and the batches that it lacks.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        file: An empty file, which takes the summary.
        lacking: An empty file, which takes what the summary lacks.
    """

    def __init__(self, s3: Any, layout: Layout, file: IO[bytes], lacking: IO[bytes]) -> None:
        self._s3, self._layout, self._file = s3, layout, file
        self._etag: str | None = None
        self._lacking, self._added = lacking, 0
        try:
            answer = s3.get_object(Bucket=layout.bucket, Key=layout.batches_summary)
        except s3.exceptions.NoSuchKey:
            return
        self._etag = answer["ETag"]
        shutil.copyfileobj(answer["Body"], file)

    def entries(self) -> Iterator[BatchEntry]:
        """Yield the batches of the summary.

        Raises:
            SummaryDamagedError: The object is damaged, and `save` writes it anew.
        """
        self._file.seek(0)
        try:
            with gzip.open(self._file, "rb") as lines:
                for line in lines:
                    row = json.loads(line)
                    yield BatchEntry.of(str(row["batch"]), row)
        except DAMAGED as error:
            self._file.seek(0)
            self._file.truncate()
            raise SummaryDamagedError(repr(error)) from error

    def add(self, entry: BatchEntry) -> None:
        """Note a batch that the summary lacks."""
        self._lacking.write(gzip.compress(entry.line(), mtime=0))
        self._added += 1

    def save(self) -> None:
        """Append the batches that the summary lacks, once there are enough of them.

        Where another task has written the summary meanwhile, nothing is written: a later run
        appends them.
        """
        if self._added < APPENDED_AT_ONCE:
            return
        self._lacking.seek(0)
        self._file.seek(0, os.SEEK_END)
        shutil.copyfileobj(self._lacking, self._file)
        self._file.seek(0)
        where = {"Bucket": self._layout.bucket, "Key": self._layout.batches_summary}
        try:
            self._s3.put_object(**where, Body=self._file, **condition(self._etag))
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in CHANGED:
                raise
            log.info("another task has written %s meanwhile", self._layout.batches_summary)


@contextmanager
def open_summary(s3: Any, layout: Layout) -> Iterator[BatchSummary]:
    """Read the summary of a pipeline's batches; there may be none yet."""
    files = tempfile.SpooledTemporaryFile
    with files(IN_MEMORY) as file, files(IN_MEMORY) as lacking:
        yield BatchSummary(s3, layout, file, lacking)

"""The files that a conversion leaves: records, their index, and what they were made from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.conversion import reuse
from include.image_classification.conversion.convert import Made
from include.image_classification.conversion.encoding import Encoding
from include.image_classification.recordio.framing import RecordWriter

BUFFER = 1 << 20


@dataclass(frozen=True)
class RecordFiles:
    """Where one set of records goes."""

    records: Path
    index: Path
    made_from: Path

    @classmethod
    def of(cls, prefix: Path, index: Path | None = None) -> "RecordFiles":
        """The files of a prefix, `train` for `train.rec`; their index may lie in another folder."""
        beside = (index or prefix.parent) / prefix.name
        return cls(
            prefix.with_name(f"{prefix.name}.rec"),
            beside.with_name(f"{prefix.name}.idx"),
            beside.with_name(f"{prefix.name}{reuse.SUFFIX}"),
        )

    def earlier(self, encoding: Encoding) -> reuse.EarlierRecords | None:
        """What is there of an earlier conversion, if this one may take records from it."""
        return reuse.EarlierRecords.open(self.records, self.made_from, encoding)


class RecordFilesWriter:
    """Writes records in the order in which they are added."""

    def __init__(self, files: RecordFiles) -> None:
        self.count = self.reused = self.bytes = 0
        self.parts = RecordFiles(*map(_part, (files.records, files.index, files.made_from)))
        self._made_from = reuse.MadeFrom()
        self._records = self.parts.records.open("wb", buffering=BUFFER)
        self._index = self.parts.index.open("w", encoding="ascii")
        self._writer = RecordWriter(self._records)

    def add(self, made: Made) -> None:
        """Append a record."""
        offset = self._writer.write_framed(made.framed)
        self._index.write(f"{made.index}\t{offset}\n")
        self._made_from.add(made.path, made.stamp, offset, len(made.framed), made.sha256)
        self.count += 1
        self.reused += made.reused
        self.bytes = offset + len(made.framed)

    def close(self) -> None:
        """Flush what was written."""
        self._records.close()
        self._index.close()

    def note(self, encoding: Encoding) -> None:
        """Write down what the records were made from."""
        self._made_from.save(self.parts.made_from, encoding, self.bytes)


@contextmanager
def record_files(
    files: RecordFiles, encoding: Encoding, notes: bool = True
) -> Iterator[RecordFilesWriter]:
    """Write a set of record files, which take the place of earlier ones when all are whole.

    Without notes of what they were made from, no later conversion takes records from them.

    An exception within the block leaves the earlier files as they were. The records come first,
    and while they are replaced there is no index: a crash never leaves one that fits others.
    """
    writer = RecordFilesWriter(files)
    try:
        yield writer
        writer.close()
        if notes:
            writer.note(encoding)
        files.made_from.unlink(missing_ok=True)
        files.index.unlink(missing_ok=True)
        os.replace(writer.parts.records, files.records)
        os.replace(writer.parts.index, files.index)
        if notes:
            os.replace(writer.parts.made_from, files.made_from)
    finally:
        writer.close()
        for part in (writer.parts.records, writer.parts.index, writer.parts.made_from):
            part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")

"""Output files of a conversion: records, index and notes for reuse."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.conversion import reuse
from include.image_classification.conversion.convert import ConvertedImage
from include.image_classification.conversion.encoding import Encoding
from include.image_classification.recordio.framing import RecordWriter

BUFFER = 1 << 20


@dataclass(frozen=True)
class RecordFiles:
    """The paths of one set of output files."""

    records: Path
    index: Path
    notes: Path

    @classmethod
    def of(cls, prefix: Path, index: Path | None = None) -> "RecordFiles":
        """Return the files of a prefix (`train` for `train.rec`).

        `index` is the folder of the index and the notes, if it is not that of the records.
        """
        beside = (index or prefix.parent) / prefix.name
        return cls(
            prefix.with_name(f"{prefix.name}.rec"),
            beside.with_name(f"{prefix.name}.idx"),
            beside.with_name(f"{prefix.name}{reuse.SUFFIX}"),
        )

    def earlier(self, encoding: Encoding) -> reuse.EarlierRecords | None:
        """Return the earlier conversion in these files, or None if it cannot be reused."""
        return reuse.EarlierRecords.open(self.records, self.notes, encoding)


class RecordFilesWriter:
    """Writes records in the order of the calls of `add`."""

    def __init__(self, files: RecordFiles, notes: bool) -> None:
        self.count = self.reused = self.bytes = 0
        self.parts = RecordFiles(*map(_part, (files.records, files.index, files.notes)))
        self._notes = reuse.ReuseNotes() if notes else None
        self._records = self.parts.records.open("wb", buffering=BUFFER)
        self._index = self.parts.index.open("w", encoding="ascii")
        self._writer = RecordWriter(self._records)

    def add(self, image: ConvertedImage) -> None:
        """Append a record."""
        offset = self._writer.write_framed(image.framed)
        self._index.write(f"{image.index}\t{offset}\n")
        if self._notes is not None:
            self._notes.add(image.path, image.stamp, offset, len(image.framed), image.sha256)
        self.count += 1
        self.reused += image.reused
        self.bytes = offset + len(image.framed)

    def close(self) -> None:
        """Close the record file and its index."""
        self._records.close()
        self._index.close()

    def save_notes(self, encoding: Encoding) -> None:
        """Write the notes for reuse, if there are any."""
        if self._notes is not None:
            self._notes.save(self.parts.notes, encoding, self.bytes)


@contextmanager
def write_record_files(
    files: RecordFiles, encoding: Encoding, notes: bool = True
) -> Iterator[RecordFilesWriter]:
    """Write a set of output files, which replace earlier files when the block ends.

    An exception within the block leaves the earlier files unchanged. The index is deleted before
    the records are replaced, so a crash never leaves an index of other records. Without `notes`, a
    later conversion cannot reuse the records.
    """
    writer = RecordFilesWriter(files, notes)
    try:
        yield writer
        writer.close()
        writer.save_notes(encoding)
        files.notes.unlink(missing_ok=True)
        files.index.unlink(missing_ok=True)
        os.replace(writer.parts.records, files.records)
        os.replace(writer.parts.index, files.index)
        if notes:
            os.replace(writer.parts.notes, files.notes)
    finally:
        writer.close()
        for part in (writer.parts.records, writer.parts.index, writer.parts.notes):
            part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")

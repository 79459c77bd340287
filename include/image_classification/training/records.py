"""Reading image records, checked before the first epoch.

MXNet's own iterator ends the whole process on a record file that is cut off, trains a label out
of range silently as the last class, and counts padded rows: so the records are read here.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.conversion.recordio import (
    FIRST,
    IMAGE_HEADER,
    LAST,
    LENGTH_BITS,
    MAGIC,
    MAX_LENGTH,
    WHOLE,
    unpack_image,
)

FRAME = struct.Struct("<4sI")


@dataclass(frozen=True)
class Record:
    """One image: its class, and its place in the file."""

    label: int
    parts: tuple[tuple[int, int], ...]
    """Start and end of each piece; a payload that holds the magic number is kept in pieces."""


class RecordFile:
    """An image record file whose structure has been checked from end to end.

    `len`, `label(i)` and `image(i)` (the encoded bytes) are cheap: the file is mapped, not read.
    """

    def __init__(self, path: Path, classes: int) -> None:
        """Scan the file.

        Raises:
            ProgramError: the file is empty, cut off, no record file, or holds a label that is
                not one of `classes`.
        """
        self.path = path
        if not path.stat().st_size:
            raise ProgramError(f"{path.name} is empty: run the conversion again")
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._records = self._scan(classes)

    def __len__(self) -> int:
        return len(self._records)

    def label(self, index: int) -> int:
        """The class of record `index`, from 0."""
        return self._records[index].label

    def image(self, index: int) -> bytes:
        """The encoded image of record `index`."""
        parts = self._records[index].parts
        return unpack_image(MAGIC.join(self._bytes[start:end] for start, end in parts)).content

    def _scan(self, classes: int) -> list[Record]:
        records: list[Record] = []
        parts: list[tuple[int, int]] = []
        offset = 0
        while offset < len(self._bytes):
            kind, start, end = self._frame(offset)
            if (kind in (WHOLE, FIRST)) != (not parts):
                raise ProgramError(
                    f"{self.path.name} is damaged at byte {offset}: convert it again"
                )
            parts.append((start, end))
            if kind in (WHOLE, LAST):
                records.append(self._record(len(records), parts, classes))
                parts = []
            offset = end + -end % 4
        if parts:
            raise self._cut_off(offset)
        return records

    def _frame(self, offset: int) -> tuple[int, int, int]:
        start = offset + FRAME.size
        if start > len(self._bytes):
            raise self._cut_off(offset)
        magic, word = FRAME.unpack_from(self._bytes, offset)
        if magic != MAGIC:
            raise ProgramError(f"{self.path.name} is no RecordIO file: no record at byte {offset}")
        end = start + (word & MAX_LENGTH)
        if end + -end % 4 > len(self._bytes):
            raise self._cut_off(offset)
        return word >> LENGTH_BITS, start, end

    def _record(self, number: int, parts: list[tuple[int, int]], classes: int) -> Record:
        start, end = parts[0]
        if end - start < IMAGE_HEADER.size:
            raise ProgramError(f"{self.path.name}: record {number} holds no image header")
        flag, label, _, _ = IMAGE_HEADER.unpack_from(self._bytes, start)
        if flag:
            raise ProgramError(f"{self.path.name}: record {number} has {flag} labels, not one")
        if label not in range(classes):
            raise ProgramError(
                f"{self.path.name}: record {number} has label {label:g}, which is not in "
                f"0..{classes - 1}: num_classes is {classes}"
            )
        return Record(int(label), tuple(parts))

    def _cut_off(self, offset: int) -> ProgramError:
        return ProgramError(
            f"{self.path.name} is cut off: the record at byte {offset} is incomplete; "
            "copy or convert it again"
        )

"""RecordIO files as dmlc-core and MXNet write and read them, without importing MXNet.

A file is a sequence of parts: the magic number, a word with a flag in its upper 3 bits and the
length in its lower 29, the data, zeros to a multiple of four. A record that holds the magic number
at a multiple of four is split there, so that a reader can find the next part from anywhere; the
number itself is left out and put back on reading. Numbers are little-endian.

An image record starts with a header: a flag (how many labels follow it, or 0 for the one within),
a float32 label, and two 64-bit identifiers.
"""

import io
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from include.image_classification.container import ProgramError

MAGIC_WORD = 0xCED7230A
MAGIC = struct.pack("<I", MAGIC_WORD)
LENGTH_BITS = 29
MAX_LENGTH = (1 << LENGTH_BITS) - 1
WHOLE, FIRST, MIDDLE, LAST = range(4)
PART_HEADER = struct.Struct("<4sI")
IMAGE_HEADER = struct.Struct("<IfQQ")


@dataclass(frozen=True)
class ImageRecord:
    """One image of a record file: its labels, its identifier, its encoded bytes."""

    labels: tuple[float, ...]
    identifier: int
    content: bytes

    @property
    def label(self) -> float:
        """The label of an image that has one."""
        return self.labels[0]


class RecordWriter:
    """Writes records to a binary file, which stays the caller's to close."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._offset = 0

    def write(self, record: bytes) -> int:
        """Append a record and return the offset it starts at, which is what an index file holds.

        Raises:
            ProgramError: The record is too long for the format, 512 MiB.
        """
        return self.write_framed(frame(record))

    def write_framed(self, framed: bytes) -> int:
        """Append a record that `frame` has made, and return the offset it starts at."""
        offset = self._offset
        self._file.write(framed)
        self._offset += len(framed)
        return offset


def frame(record: bytes) -> bytes:
    """Turn a record into the parts that stand for it in a file."""
    if len(record) > MAX_LENGTH:
        raise ProgramError(f"a record of {len(record)} bytes is over RecordIO's {MAX_LENGTH}")
    pieces = _split_at_magic(record)
    if len(pieces) == 1:  # as nearly all
        head = PART_HEADER.pack(MAGIC, WHOLE << LENGTH_BITS | len(record))
        return b"".join((head, record, bytes(-len(record) % 4)))
    flags = [FIRST, *[MIDDLE] * (len(pieces) - 2), LAST]
    framed = bytearray()
    for flag, piece in zip(flags, pieces, strict=True):
        framed += PART_HEADER.pack(MAGIC, flag << LENGTH_BITS | len(piece)) + piece
    framed += bytes(-len(framed) % 4)
    return bytes(framed)


def _split_at_magic(record: bytes) -> list[bytes]:
    words = np.frombuffer(record, "<u4", len(record) // 4)
    found = (4 * np.flatnonzero(words == MAGIC_WORD)).tolist()
    starts, ends = [0, *(at + 4 for at in found)], [*found, len(record)]
    return [record[start:end] for start, end in zip(starts, ends, strict=True)]


def read_records(path: Path) -> Iterator[bytes]:
    """Yield a file's records, each whole.

    Raises:
        ProgramError: The file is cut off or is not RecordIO.
    """
    with path.open("rb") as file:
        for pieces in scan_records(file, path.name):
            yield MAGIC.join(_read(file, piece) for piece in pieces)


def unframe(data: bytes, name: str) -> bytes:
    """Turn the parts of exactly one record, as `frame` made them, back into the record.

    Raises:
        ProgramError: They are damaged, or not those of one record; `name` says whose they are.
    """
    records = list(scan_records(io.BytesIO(data), name))
    if len(records) != 1:
        raise ProgramError(f"{name} holds {len(records)} records, not one")
    (pieces,) = records
    return MAGIC.join(data[start:end] for start, end in pieces)


def scan_records(file: IO[bytes], name: str) -> Iterator[list[tuple[int, int]]]:
    """Yield for each record where its pieces start and end in a file; the magic joins them.

    What the pieces hold is passed over, not read, so that it costs the same whatever its size.
    The caller may read the file between two records.

    Raises:
        ProgramError: The file is cut off or is not RecordIO; `name` says which.
    """
    size = file.seek(0, os.SEEK_END)
    pieces: list[tuple[int, int]] = []
    offset = 0
    while offset < size:
        flag, start, end = _scan_part(file, offset, size, name)
        if (flag in (WHOLE, FIRST)) != (not pieces) or flag > LAST:
            raise ProgramError(f"{name} is damaged at byte {offset}: copy or convert it again")
        pieces.append((start, end))
        if flag in (WHOLE, LAST):
            yield pieces
            pieces = []
        offset = end + -end % 4
    if pieces:
        raise _cut_off(name, offset)


def _scan_part(file: IO[bytes], offset: int, size: int, name: str) -> tuple[int, int, int]:
    file.seek(offset)
    head = file.read(PART_HEADER.size)
    if len(head) < PART_HEADER.size:
        raise _cut_off(name, offset)
    magic, word = PART_HEADER.unpack(head)
    if magic != MAGIC:
        raise ProgramError(f"{name} is no RecordIO file: no record at byte {offset}")
    start = offset + PART_HEADER.size
    end = start + (word & MAX_LENGTH)
    if end + -end % 4 > size:
        raise _cut_off(name, offset)
    return word >> LENGTH_BITS, start, end


def _read(file: IO[bytes], piece: tuple[int, int]) -> bytes:
    start, end = piece
    file.seek(start)
    return file.read(end - start)


def _cut_off(name: str, offset: int) -> ProgramError:
    return ProgramError(
        f"{name} is cut off: the record at byte {offset} is incomplete; copy or convert it again"
    )


def pack_image(labels: Sequence[float], identifier: int, content: bytes) -> bytes:
    """Put labels and an identifier before an image's encoded bytes, as mxnet.recordio.pack does."""
    return image_header(labels, identifier) + content


def image_header(labels: Sequence[float], identifier: int) -> bytes:
    """What stands before an image's encoded bytes."""
    if len(labels) == 1:
        return IMAGE_HEADER.pack(0, labels[0], identifier, 0)
    header = IMAGE_HEADER.pack(len(labels), 0.0, identifier, 0)
    return header + struct.pack(f"<{len(labels)}f", *labels)


def unpack_image(record: bytes) -> ImageRecord:
    """Take an image record apart.

    Raises:
        ProgramError: It is too short to be one.
    """
    if len(record) < IMAGE_HEADER.size:
        raise ProgramError(f"a record of {len(record)} bytes is too short to hold an image")
    count, label, identifier, _ = IMAGE_HEADER.unpack_from(record)
    start = IMAGE_HEADER.size + 4 * count
    if count == 0:
        return ImageRecord((label,), identifier, record[start:])
    if len(record) < start:
        raise ProgramError(f"a record of {len(record)} bytes is too short for {count} labels")
    labels = struct.unpack_from(f"<{count}f", record, IMAGE_HEADER.size)
    return ImageRecord(labels, identifier, record[start:])

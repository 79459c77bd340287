"""RecordIO framing, as in dmlc-core and MXNet, without importing MXNet.

A file is a sequence of parts: the magic number, a word with a flag in its upper 3 bits and the
length in its lower 29, the data, zeros up to a multiple of four. A record that contains the magic
number at a multiple of four is split there, so that a reader can find the next part from any
position; the splitting number is not stored and reading inserts it again. Numbers are
little-endian.

This module is hand-written because importing MXNet to write records takes longer than writing them,
and MXNet's reader ends the process on a damaged file.
"""

import io
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import numpy as np

from include.image_classification.container import CommandError

MAGIC_WORD = 0xCED7230A
MAGIC = struct.pack("<I", MAGIC_WORD)
LENGTH_BITS = 29
MAX_LENGTH = (1 << LENGTH_BITS) - 1
WHOLE, FIRST, MIDDLE, LAST = range(4)
PART_HEADER = struct.Struct("<4sI")

Piece = TypeVar("Piece")


class RecordWriter:
    """Write records to a binary file, which the caller closes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._offset = 0

    def write(self, record: bytes) -> int:
        """Append a record and return its offset in the file, as an index file stores it.

        Raises:
            CommandError: The record is longer than the format allows (512 MiB).
        """
        return self.write_framed(frame(record))

    def write_framed(self, framed: bytes) -> int:
        """Append a record that `frame` returned, and return its offset in the file."""
        offset = self._offset
        self._file.write(framed)
        self._offset += len(framed)
        return offset


def frame(record: bytes) -> bytes:
    """Return a record as the parts that are stored in a file.

    Raises:
        CommandError: The record is longer than the format allows (512 MiB).
    """
    if len(record) > MAX_LENGTH:
        raise CommandError(
            f"a record of {len(record)} bytes is larger than RecordIO's maximum, {MAX_LENGTH} bytes"
        )
    pieces = _split_at_magic(record)
    if len(pieces) == 1:  # nearly every record
        header = PART_HEADER.pack(MAGIC, WHOLE << LENGTH_BITS | len(record))
        return b"".join((header, record, bytes(-len(record) % 4)))
    flags = [FIRST, *[MIDDLE] * (len(pieces) - 2), LAST]
    framed = bytearray()
    for flag, piece in zip(flags, pieces, strict=True):
        framed += PART_HEADER.pack(MAGIC, flag << LENGTH_BITS | len(piece)) + piece
    framed += bytes(-len(framed) % 4)
    return bytes(framed)


def _split_at_magic(record: bytes) -> list[bytes]:
    matches = np.frombuffer(record, "<u4", len(record) // 4) == MAGIC_WORD
    if not np.count_nonzero(matches):
        return [record]
    found = (4 * np.flatnonzero(matches)).tolist()
    starts, ends = [0, *(offset + 4 for offset in found)], [*found, len(record)]
    return [record[start:end] for start, end in zip(starts, ends, strict=True)]


def read_records(path: Path) -> Iterator[bytes]:
    """Yield the records of a file.

    Raises:
        CommandError: The file is cut off or is not RecordIO.
    """
    with path.open("rb") as file:
        yield from read_stream(file, path.name)


def read_stream(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield the records of a stream, which is read once, without seeking.

    Args:
        stream: A file, a FIFO or a socket.
        name: What error messages call the stream.

    Raises:
        CommandError: The stream is cut off or is not RecordIO.
    """
    for pieces in _assemble(_read_parts(stream, name), name):
        yield MAGIC.join(pieces)


def unframe(data: bytes, name: str) -> bytes:
    """Return the record of a frame, which `frame` made of exactly one record.

    Raises:
        CommandError: The frame is damaged, or holds another number of records; `name` says whose
            record it is.
    """
    records = list(read_stream(io.BytesIO(data), name))
    if len(records) != 1:
        raise CommandError(f"{name} holds {len(records)} records, not one")
    return records[0]


def scan_records(file: IO[bytes], name: str) -> Iterator[list[tuple[int, int]]]:
    """Yield each record's pieces as (start, end) offsets; `MAGIC` joins the pieces of a record.

    Data is skipped with a seek, so the cost of a record does not depend on its length. The caller
    may read the file between two records.

    Raises:
        CommandError: The file is cut off or is not RecordIO; `name` says which file.
    """
    return _assemble(_scan_parts(file, name), name)


def padded(length: int) -> int:
    """Round a length or an offset up to the next multiple of four."""
    return length + -length % 4


Part = tuple[int, int, Piece]
"""A part's offset, its flag, and its data or the data's place."""


def _assemble(parts: Iterable[Part[Piece]], name: str) -> Iterator[list[Piece]]:
    pieces: list[Piece] = []
    offset = 0
    for offset, flag, piece in parts:
        if (flag in (WHOLE, FIRST)) != (not pieces) or flag > LAST:
            raise CommandError(f"{name} is damaged at byte {offset}: copy or convert it again")
        pieces.append(piece)
        if flag in (WHOLE, LAST):
            yield pieces
            pieces = []
    if pieces:
        raise _cut_off(name, offset)


def _scan_parts(file: IO[bytes], name: str) -> Iterator[Part[tuple[int, int]]]:
    size = file.seek(0, os.SEEK_END)
    offset = 0
    while offset < size:
        file.seek(offset)
        flag, length = _parse_header(file.read(PART_HEADER.size), offset, name)
        start = offset + PART_HEADER.size
        if start + padded(length) > size:
            raise _cut_off(name, offset)
        yield offset, flag, (start, start + length)
        offset = start + padded(length)


def _read_parts(stream: IO[bytes], name: str) -> Iterator[Part[bytes]]:
    offset = 0
    while header := stream.read(PART_HEADER.size):
        flag, length = _parse_header(header, offset, name)
        # Data and padding are read separately: slicing the padding off would copy the image.
        data, padding = stream.read(length), stream.read(-length % 4)
        if len(data) + len(padding) < padded(length):
            raise _cut_off(name, offset)
        yield offset, flag, data
        offset += PART_HEADER.size + padded(length)


def _parse_header(header: bytes, offset: int, name: str) -> tuple[int, int]:
    """Return a part's flag and the length of its data in bytes."""
    if len(header) < PART_HEADER.size:
        raise _cut_off(name, offset)
    magic, word = PART_HEADER.unpack(header)
    if magic != MAGIC:
        raise CommandError(f"{name} is not a RecordIO file: no record at byte {offset}")
    return word >> LENGTH_BITS, word & MAX_LENGTH


def _cut_off(name: str, offset: int) -> CommandError:
    return CommandError(
        f"{name} is cut off: the record at byte {offset} is incomplete; copy or convert it again"
    )

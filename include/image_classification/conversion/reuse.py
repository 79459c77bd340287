"""Records of earlier conversions, reused for unchanged images.

Each record file has a file of notes, `<name>.reuse.npz`: the settings and the decoder that made
the records, and for each record the image that it was made from.
"""

import hashlib
import json
import os
import struct
import time
import weakref
import zipfile
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from include.image_classification.conversion.encoding import Encoding

SUFFIX = ".reuse.npz"

# Increase this when `encode` produces different bytes for the same image.
ENCODER = 2

ROW = np.dtype(
    [("path", "<u8"), ("stamp", "<u8"), ("offset", "<u8"), ("length", "<u4"), ("sha256", "V32")]
)

# As in git: a file that was just modified can change again within the clock's resolution, which
# its stamp would not show.
SETTLED_SECONDS = 2.0


def stamp(file: os.stat_result) -> int:
    """Return a number that changes with the file, from its metadata; 0 if it was just modified."""
    if time.time() - max(file.st_mtime, file.st_ctime) < SETTLED_SECONDS:
        return 0
    facts = struct.pack("<4q", file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino)
    return _short(facts)


def path_number(path: str) -> int:
    """Return a 64-bit hash of a path, the key of its row."""
    return _short(os.fsencode(path))


def _short(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _encoder_identity(encoding: Encoding) -> str:
    identity = {"encoder": ENCODER, "opencv": cv2.__version__, **asdict(encoding)}
    return json.dumps(identity, sort_keys=True)


class ReuseNotes:
    """Collects the notes about records while they are written."""

    def __init__(self) -> None:
        self._rows = bytearray()

    def add(self, path: int, mark: int, offset: int, length: int, sha256: bytes) -> None:
        """Add a record's position, and its image's path and stamp (0 if unknown) and hash."""
        self._rows += struct.pack("<QQQI32s", path, mark, offset, length, sha256)

    def save(self, path: Path, encoding: Encoding, size: int) -> None:
        """Write the notes; `size` is the length of the record file in bytes."""
        rows = np.frombuffer(self._rows, ROW)
        with path.open("wb") as file:
            np.savez(file, made_by=_encoder_identity(encoding), size=size, rows=rows)


class EarlierRecords:
    """The records of an earlier conversion, found by the images they were made from.

    Records are read on demand, without mapping the file, so memory use stays constant. The file
    stays open, so it may be replaced meanwhile.
    """

    def __init__(self, records: Path, rows: NDArray[Any]) -> None:
        """Use `open`, which checks that the rows belong to the file."""
        self._descriptor = os.open(records, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)
        self._by_path = _SortedColumn(rows["path"])
        self._by_digest = _SortedColumn(np.frombuffer(rows["sha256"].tobytes(), "<u8")[::4])
        self._stamps = _column(rows["stamp"])
        self._offsets = _column(rows["offset"])
        self._lengths = _column(rows["length"])
        self._digests = rows["sha256"].tobytes()

    @classmethod
    def open(cls, records: Path, notes: Path, encoding: Encoding) -> "EarlierRecords | None":
        """Return an earlier conversion, or None if its records cannot be reused.

        Records are reused only if settings and decoder are the same, and the notes are intact and
        belong to the record file.
        """
        try:
            with notes.open("rb") as file, np.load(file) as saved:
                identity, size, rows = str(saved["made_by"]), int(saved["size"]), saved["rows"]
            same = identity == _encoder_identity(encoding) and size == records.stat().st_size
            if not same or rows.dtype != ROW:
                return None
            return cls(records, rows)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def __len__(self) -> int:
        return len(self._offsets)

    def find_unchanged(self, path: int, mark: int) -> tuple[bytes, bytes] | None:
        """Return the framed record and the hash of the image with this path and stamp."""
        for row in self._by_path.rows(path):
            if mark and self._stamps[row] == mark:
                return self._read(row), self._digest(row)
        return None

    def find(self, sha256: bytes) -> bytes | None:
        """Return the framed record of the image with this hash."""
        for row in self._by_digest.rows(int.from_bytes(sha256[:8], "little")):
            if self._digest(row) == sha256:
                return self._read(row)
        return None

    def _digest(self, row: int) -> bytes:
        return self._digests[32 * row : 32 * row + 32]

    def _read(self, row: int) -> bytes:
        return os.pread(self._descriptor, self._lengths[row], self._offsets[row])


class _SortedColumn:
    """A column that finds rows by value, with 16 bytes a row (a dict needs about 100)."""

    def __init__(self, column: NDArray[Any]) -> None:
        order = np.argsort(column, kind="stable")
        self._order = _column(order)
        self._values = _column(column[order])

    def rows(self, value: int) -> Iterator[int]:
        """Yield the rows with a value."""
        position = bisect_left(self._values, value)
        while position < len(self._values) and self._values[position] == value:
            yield self._order[position]
            position += 1


def _column(values: NDArray[Any]) -> "array[int]":
    # Reading Python integers from an array is many times as fast as from numpy.
    return array("Q", values.astype("<u8").tobytes())

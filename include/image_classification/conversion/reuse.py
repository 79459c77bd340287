"""Records made earlier: an image that has not changed is not decoded again.

Beside each record file lies `<name>.reuse.npz`: under which settings and by which decoder the
records were made, and for each record the image that it was made from.
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

# To be raised when `encode` makes other bytes of the same image.
ENCODER = 1

ROW = np.dtype(
    [("path", "<u8"), ("stamp", "<u8"), ("offset", "<u8"), ("length", "<u4"), ("sha256", "V32")]
)

# As git does: a file that changed a moment before it was read may change again within the clock's
# resolution, and nobody would see it.
SETTLED_SECONDS = 2.0


def stamp(file: os.stat_result) -> int:
    """A number that changes when a file does, without reading it; 0 if it changed just now."""
    if time.time() - max(file.st_mtime, file.st_ctime) < SETTLED_SECONDS:
        return 0
    facts = struct.pack("<4q", file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino)
    return _short(facts)


def path_number(path: str) -> int:
    """A path as 64 bits, by which its row is found."""
    return _short(os.fsencode(path))


def _short(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _made_by(encoding: Encoding) -> str:
    made_by = {"encoder": ENCODER, "opencv": cv2.__version__, **asdict(encoding)}
    return json.dumps(made_by, sort_keys=True)


class MadeFrom:
    """Collects, while records are written, what each is made from."""

    def __init__(self) -> None:
        self._rows = bytearray()

    def add(self, path: int, mark: int, offset: int, length: int, sha256: bytes) -> None:
        """Note a record's place and its image: path and stamp as numbers, 0 where unknown."""
        self._rows += struct.pack("<QQQI32s", path, mark, offset, length, sha256)

    def save(self, path: Path, encoding: Encoding, size: int) -> None:
        """Write the notes of a record file of so many bytes."""
        rows = np.frombuffer(self._rows, ROW)
        with path.open("wb") as file:
            np.savez(file, made_by=_made_by(encoding), size=size, rows=rows)


class EarlierRecords:
    """The records of an earlier conversion, to be found by their images.

    The record file is read where a record is asked for, not mapped: memory stays flat. It stays
    open, so that it may be replaced meanwhile.
    """

    def __init__(self, records: Path, rows: NDArray[Any]) -> None:
        """Use `open`, which checks that the rows are the file's."""
        self._descriptor = os.open(records, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)
        self._by_path = _Sorted(rows["path"])
        self._by_digest = _Sorted(np.frombuffer(rows["sha256"].tobytes(), "<u8")[::4])
        self._stamps = _column(rows["stamp"])
        self._offsets = _column(rows["offset"])
        self._lengths = _column(rows["length"])
        self._digests = rows["sha256"].tobytes()

    @classmethod
    def open(cls, records: Path, notes: Path, encoding: Encoding) -> "EarlierRecords | None":
        """Open an earlier conversion if there is one that this one may take records from.

        It may not when the settings or the decoder differ, when the notes are damaged, or when
        they are of another record file.
        """
        try:
            with notes.open("rb") as file, np.load(file) as saved:
                made_by, size, rows = str(saved["made_by"]), int(saved["size"]), saved["rows"]
            fits = made_by == _made_by(encoding) and size == records.stat().st_size
            if not fits or rows.dtype != ROW:
                return None
            return cls(records, rows)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def __len__(self) -> int:
        return len(self._offsets)

    def unchanged(self, path: int, mark: int) -> tuple[bytes, bytes] | None:
        """The framed record of the file of this path and stamp, with the image's hash."""
        for row in self._by_path.rows(path):
            if mark and self._stamps[row] == mark:
                return self._read(row), self._digest(row)
        return None

    def of(self, sha256: bytes) -> bytes | None:
        """The framed record of the image with this hash."""
        for row in self._by_digest.rows(int.from_bytes(sha256[:8], "little")):
            if self._digest(row) == sha256:
                return self._read(row)
        return None

    def _digest(self, row: int) -> bytes:
        return self._digests[32 * row : 32 * row + 32]

    def _read(self, row: int) -> bytes:
        return os.pread(self._descriptor, self._lengths[row], self._offsets[row])


class _Sorted:
    """A column by whose values rows are found, in 16 bytes a row where a dict takes a hundred."""

    def __init__(self, column: NDArray[Any]) -> None:
        order = np.argsort(column, kind="stable")
        self._order = _column(order)
        self._values = _column(column[order])

    def rows(self, value: int) -> Iterator[int]:
        """The rows of a value."""
        at = bisect_left(self._values, value)
        while at < len(self._values) and self._values[at] == value:
            yield self._order[at]
            at += 1


def _column(values: NDArray[Any]) -> "array[int]":
    # An array gives Python's own numbers, many times as fast as numpy does.
    return array("Q", values.astype("<u8").tobytes())

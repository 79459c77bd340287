"""One image to one record: taken from an earlier conversion, or read, decoded and encoded."""

import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from include.image_classification.container import ProgramError
from include.image_classification.conversion.encoding import Encoding, encode
from include.image_classification.conversion.reuse import EarlierRecords, path_number, stamp
from include.image_classification.recordio.framing import frame, unframe
from include.image_classification.recordio.image_records import (
    image_header,
    pack_image,
    unpack_image,
)
from include.image_classification.threads import ordered_threads

# Handing over an image costs as much as taking over its earlier record.
BATCH = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """An image that becomes a record.

    Attributes:
        index: The record's identifier, and its key in the index file.
        labels: One, or several to be packed together.
        name: Of the image, as its list has it.
        path: Where its bytes are.
        sha256: Of its bytes, in hex, where a manifest promises it.
    """

    index: int
    labels: tuple[float, ...]
    name: str
    path: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A record as it lies in the file, and what it was made from: see `MadeFrom.add`."""

    index: int
    framed: bytes
    path: int
    stamp: int
    sha256: bytes
    reused: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """An image that gives no record, and why."""

    entry: Entry
    reason: str


class Converter:
    """Makes records of images under one encoding; may be called by several threads at a time."""

    def __init__(
        self, encoding: Encoding, earlier: Sequence[EarlierRecords] = (), noting: bool = True
    ) -> None:
        """Make records of one encoding.

        Args:
            encoding: What the records hold.
            earlier: Records to take over.
            noting: Find out by what a later conversion will know an image that no manifest
                promises; otherwise no earlier record of one is looked for, either.
        """
        self._encoding = encoding
        self._earlier = earlier
        self._noting = noting

    def __call__(self, entry: Entry) -> Made | Lost:
        """Make the record of an image.

        The bytes of the file are not read where an earlier conversion has a record of the same
        content, which the manifest or the file's unchanged stamp tells.
        """
        try:
            return self._promised(entry) if entry.sha256 else self._found(entry)
        except FileNotFoundError:
            return Lost(entry, "there is no such file")
        except (OSError, ValueError) as error:
            return Lost(entry, str(error))

    def convert(self, entries: Iterable[Entry], threads: int) -> Iterator[Made | Lost]:
        """Make the records of images, in their order, by so many threads."""
        for batch in ordered_threads(self._batch, _batches(entries), threads):
            yield from batch

    def _batch(self, entries: Sequence[Entry]) -> list[Made | Lost]:
        return [self(entry) for entry in entries]

    def _promised(self, entry: Entry) -> Made:
        digest = bytes.fromhex(entry.sha256 or "")
        if record := self._reused(entry, 0, 0, digest):
            return record
        _, data = _read(entry.path)
        if hashlib.sha256(data).digest() != digest:
            raise ValueError("it holds other bytes than its name says")
        return self._new(entry, 0, 0, digest, data)

    def _found(self, entry: Entry) -> Made:
        if not self._noting:
            return self._new(entry, 0, 0, b"", _read(entry.path)[1])
        number, mark = path_number(entry.name), 0
        if self._earlier:
            mark = stamp(os.stat(entry.path))
            for earlier in self._earlier:
                if found := earlier.unchanged(number, mark):
                    framed, digest = found
                    if labelled := _labelled(framed, entry):
                        return Made(entry.index, labelled, number, mark, digest, True)
        mark, data = _read(entry.path)
        digest = hashlib.sha256(data).digest()
        return self._reused(entry, number, mark, digest) or self._new(
            entry, number, mark, digest, data
        )

    def _reused(self, entry: Entry, number: int, mark: int, digest: bytes) -> Made | None:
        for earlier in self._earlier:
            framed = earlier.of(digest)
            if framed and (labelled := _labelled(framed, entry)):
                return Made(entry.index, labelled, number, mark, digest, True)
        return None

    def _new(self, entry: Entry, number: int, mark: int, digest: bytes, data: bytes) -> Made:
        record = pack_image(entry.labels, entry.index, encode(data, self._encoding))
        return Made(entry.index, frame(record), number, mark, digest, False)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    remaining = iter(entries)
    while batch := list(itertools.islice(remaining, BATCH)):
        yield batch


def _read(path: str) -> tuple[int, bytes]:
    """A file's stamp and bytes, in half of the system calls that a file object makes.

    At each of them a thread hands over Python's lock, and with small images waits for it are long.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        file = os.fstat(descriptor)
        data = os.read(descriptor, file.st_size)
        return stamp(file), data
    finally:
        os.close(descriptor)


def _labelled(framed: bytes, entry: Entry) -> bytes | None:
    """An earlier record under this entry's labels and index; None if it is damaged."""
    header = image_header(entry.labels, entry.index)
    try:
        record = unframe(framed, entry.name)
        return framed if record.startswith(header) else frame(header + unpack_image(record).content)
    except ProgramError:
        return None

"""Conversion of one image to one record, reused from an earlier conversion or newly encoded."""

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from stat import S_ISREG

from include.image_classification.container import CommandError
from include.image_classification.conversion.encoding import Encoding, encode
from include.image_classification.conversion.reuse import EarlierRecords, path_number, stamp
from include.image_classification.recordio.framing import frame, unframe
from include.image_classification.recordio.image_records import (
    image_header,
    pack_image,
    unpack_image,
)
from include.image_classification.threads import ordered_threads

# Passing one image to a thread costs as much as reusing its record: threads get batches.
BATCH = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """An image to convert.

    Attributes:
        index: The record's identifier, and its key in the index file.
        labels: One label, or several that are packed together.
        name: The image's name in its list.
        path: The image file.
        sha256: The hash of the file in hex, if a manifest names it.
    """

    index: int
    labels: tuple[float, ...]
    name: str
    path: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ConvertedImage:
    """A framed record, and the image that it was made from: see `ReuseNotes.add`."""

    index: int
    framed: bytes
    path: int
    stamp: int
    sha256: bytes
    reused: bool


@dataclass(frozen=True, slots=True)
class FailedImage:
    """An image that cannot be converted, and the reason."""

    entry: Entry
    reason: str
    is_missing: bool = False


class Converter:
    """Converts images with one encoding; several threads may call it."""

    def __init__(
        self, encoding: Encoding, earlier: Sequence[EarlierRecords] = (), noting: bool = True
    ) -> None:
        """Create a converter.

        Args:
            encoding: The form of the images in the records.
            earlier: Records of earlier conversions to reuse.
            noting: Whether to compute the notes that let a later conversion reuse the records of
                images without a hash in a manifest. Without notes, such images do not reuse
                earlier records either.
        """
        self._encoding = encoding
        self._earlier = earlier
        self._noting = noting

    def __call__(self, entry: Entry) -> ConvertedImage | FailedImage:
        """Convert an image.

        The image file is not read if an earlier conversion has a record of the same content,
        known by the hash in the manifest or by the file's unchanged stamp.
        """
        try:
            return self._convert_hashed(entry) if entry.sha256 else self._convert_file(entry)
        except FileNotFoundError:
            return FailedImage(entry, "the file does not exist", is_missing=True)
        except (OSError, ValueError) as error:
            return FailedImage(entry, str(error))

    def convert(
        self, entries: Iterable[Entry], threads: int
    ) -> Iterator[ConvertedImage | FailedImage]:
        """Convert images with several threads and yield the results in order."""
        for batch in ordered_threads(self._convert_batch, _batches(entries), threads):
            yield from batch

    def _convert_batch(self, entries: Sequence[Entry]) -> list[ConvertedImage | FailedImage]:
        return [self(entry) for entry in entries]

    def _convert_hashed(self, entry: Entry) -> ConvertedImage:
        digest = bytes.fromhex(entry.sha256 or "")
        if record := self._reuse(entry, 0, 0, digest):
            return record
        _, data = _read(entry.path)
        if hashlib.sha256(data).digest() != digest:
            raise ValueError("its content does not match the hash in its name")
        return self._encode(entry, 0, 0, digest, data)

    def _convert_file(self, entry: Entry) -> ConvertedImage:
        if not self._noting:
            return self._encode(entry, 0, 0, b"", _read(entry.path)[1])
        number = path_number(entry.name)
        if self._earlier and (unchanged := self._reuse_unchanged(entry, number)):
            return unchanged
        mark, data = _read(entry.path, stamp)
        digest = hashlib.sha256(data).digest()
        return self._reuse(entry, number, mark, digest) or self._encode(
            entry, number, mark, digest, data
        )

    def _reuse_unchanged(self, entry: Entry, number: int) -> ConvertedImage | None:
        mark = stamp(os.stat(entry.path))
        for earlier in self._earlier:
            if found := earlier.find_unchanged(number, mark):
                framed, digest = found
                if labelled := _relabel(framed, entry):
                    return ConvertedImage(entry.index, labelled, number, mark, digest, True)
        return None

    def _reuse(self, entry: Entry, number: int, mark: int, digest: bytes) -> ConvertedImage | None:
        for earlier in self._earlier:
            framed = earlier.find(digest)
            if framed and (labelled := _relabel(framed, entry)):
                return ConvertedImage(entry.index, labelled, number, mark, digest, True)
        return None

    def _encode(
        self, entry: Entry, number: int, mark: int, digest: bytes, data: bytes
    ) -> ConvertedImage:
        record = pack_image(entry.labels, entry.index, encode(data, self._encoding))
        return ConvertedImage(entry.index, frame(record), number, mark, digest, False)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    remaining = iter(entries)
    while batch := list(itertools.islice(remaining, BATCH)):
        yield batch


def _read(path: str, mark: Callable[[os.stat_result], int] = lambda _: 0) -> tuple[int, bytes]:
    """Return a file's mark and content, with half of the system calls of a file object.

    At each system call a thread releases Python's lock, and with small images the wait for the lock
    is long.
    """
    # Without O_NONBLOCK, opening a named pipe would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        file = os.fstat(descriptor)
        if not S_ISREG(file.st_mode):
            raise ValueError("it is not a regular file")
        data = os.read(descriptor, file.st_size)
        return mark(file), data
    finally:
        os.close(descriptor)


def _relabel(framed: bytes, entry: Entry) -> bytes | None:
    """Return an earlier record with this entry's labels and index; None if it is damaged."""
    header = image_header(entry.labels, entry.index)
    try:
        record = unframe(framed, entry.name)
        return framed if record.startswith(header) else frame(header + unpack_image(record).content)
    except CommandError:
        return None

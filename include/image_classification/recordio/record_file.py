"""Random access to the image records of files, all of which are checked when a file is opened.

MXNet's own iterator ends the process on a record file that is cut off, silently trains a label out
of range as the last class, and counts padding rows as images.
"""

import bisect
import itertools
import os
import weakref
from array import array
from collections.abc import Iterable, MutableSequence, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import padded, scan_records, unframe
from include.image_classification.recordio.image_records import (
    IMAGE_HEADER,
    count_labels,
    unpack_image,
)
from include.image_classification.recordio.labels import Label, Labelling


class Images(Protocol):
    """Labelled encoded images with random access, safe for several threads."""

    def __len__(self) -> int:
        """Return the number of images."""

    def label(self, index: int) -> Label:
        """Return the label of image `index`."""

    def image(self, index: int) -> bytes:
        """Return the encoded bytes of image `index`."""

    def describe(self, index: int) -> str:
        """Return the name of image `index` for messages."""


class RecordFile:
    """An image record file whose structure and labels have been checked completely.

    It takes twelve bytes of memory a record. `image` reads from the disk; several threads may call
    it.
    """

    def __init__(self, path: Path, classes: int, several: bool = False) -> None:
        """Scan the file.

        Args:
            path: The record file.
            classes: The number of classes.
            several: Whether an image has a 0 or 1 for each class, rather than one class.

        Raises:
            CommandError: The file is empty, cut off or not RecordIO, or holds a label that is
                not one of `classes`.
        """
        self.path = path
        if not path.stat().st_size:
            raise CommandError(f"{path.name} is empty: run the conversion again")
        self._starts = array("Q", [0])
        """The offset of each record, and the end of the last one."""
        self._labelling = Labelling(classes, several)
        self._labels: MutableSequence[Any] = [] if several else array("I")
        with path.open("rb") as file:
            self._scan(file)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, index: int) -> Label:
        """Return the label of record `index`."""
        label: Label = self._labels[index]
        return label

    def image(self, index: int) -> bytes:
        """Return the encoded image of record `index`."""
        start, end = self._starts[index : index + 2]
        framed = os.pread(self._descriptor, end - start, start)
        return unpack_image(unframe(framed, self._name(index))).content

    def describe(self, index: int) -> str:
        """Return the name of record `index` for messages, with its key in the index file."""
        start, end = self._starts[index : index + 2]
        framed = os.pread(self._descriptor, end - start, start)
        try:
            key = unpack_image(unframe(framed, self._name(index))).identifier
        except CommandError:  # the file was changed after it was opened
            return self._name(index)
        return f"{self._name(index)} (key {key})"

    def _name(self, index: int) -> str:
        return f"{self.path.name}: record {index}"

    def _scan(self, file: IO[bytes]) -> None:
        for pieces in scan_records(file, self.path.name):
            self._labels.append(self._check_label(self._read_header(file, pieces)))
            self._starts.append(padded(pieces[-1][1]))

    def _read_header(self, file: IO[bytes], pieces: list[tuple[int, int]]) -> bytes:
        """Return a record's image header with its labels, which the magic number may split."""
        start, end = pieces[0]
        size = IMAGE_HEADER.size + 4 * self._labelling.numbers
        if len(pieces) == 1:
            file.seek(start)
            return file.read(min(end - start, size))
        file.seek(self._starts[-1])
        framed = file.read(padded(pieces[-1][1]) - self._starts[-1])
        return unframe(framed, self._name(len(self)))[:size]

    def _check_label(self, header: bytes) -> Label:
        name = self._name(len(self))
        if len(header) < IMAGE_HEADER.size:
            raise CommandError(f"{name} has no image header: convert the dataset again")
        self._labelling.check_count(count_labels(header), name)
        return self._labelling.read(unpack_image(header).labels, name)


class Records:
    """The images of several files or lists as one sequence."""

    def __init__(self, files: Sequence[Images]) -> None:
        self._files = files
        self._ends = list(itertools.accumulate(map(len, files)))

    @classmethod
    def scan(cls, paths: Iterable[Path], classes: int, several: bool = False) -> "Records":
        """Scan record files; see `RecordFile` for the arguments.

        Raises:
            CommandError: A file is invalid; the message names the file.
        """
        return cls([RecordFile(path, classes, several) for path in paths])

    def __len__(self) -> int:
        return self._ends[-1]

    def label(self, index: int) -> Label:
        """Return the label of image `index`, counted over all files."""
        file, position = self._locate(index)
        return file.label(position)

    def image(self, index: int) -> bytes:
        """Return the encoded bytes of image `index`."""
        file, position = self._locate(index)
        return file.image(position)

    def describe(self, index: int) -> str:
        """Return the name of image `index` for messages."""
        file, position = self._locate(index)
        return file.describe(position)

    def _locate(self, index: int) -> tuple[Images, int]:
        number = bisect.bisect_right(self._ends, index)
        file = self._files[number]
        return file, index - self._ends[number] + len(file)

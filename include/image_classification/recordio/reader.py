"""Reading image records, checked before the first epoch.

MXNet's own iterator ends the whole process on a record file that is cut off, trains a label out
of range silently as the last class, and counts padded rows: so the records are read here.
"""

import bisect
import itertools
import os
import weakref
from array import array
from collections.abc import Iterable, MutableSequence, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from include.image_classification.container import ProgramError
from include.image_classification.recordio.labels import Label, Labelling
from include.image_classification.recordio.records import (
    IMAGE_HEADER,
    scan_records,
    unframe,
    unpack_image,
)


class Images(Protocol):
    """Encoded images with their classes, in any order, for several threads."""

    def __len__(self) -> int:
        """How many there are."""

    def label(self, index: int) -> Label:
        """What image `index` shows."""

    def image(self, index: int) -> bytes:
        """The encoded image `index`."""

    def describe(self, index: int) -> str:
        """Which image this is, for a message."""


class RecordFile:
    """An image record file whose structure has been checked from end to end.

    Twelve bytes of memory a record, whatever the images' size; `image` reads from the disk and may
    be called by several threads.
    """

    def __init__(self, path: Path, classes: int, several: bool = False) -> None:
        """Scan the file, whose images have one label or, with `several`, one for each class.

        Raises:
            ProgramError: the file is empty, cut off, no record file, or holds a label that is
                none of `classes`.
        """
        self.path = path
        if not path.stat().st_size:
            raise ProgramError(f"{path.name} is empty: run the conversion again")
        self._starts = array("Q", [0])
        """Where each record starts, and where the last one ends."""
        self._labelling = Labelling(classes, several)
        self._labels: MutableSequence[Any] = [] if several else array("I")
        with path.open("rb") as file:
            self._scan(file)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, index: int) -> Label:
        """What record `index` shows."""
        label: Label = self._labels[index]
        return label

    def image(self, index: int) -> bytes:
        """The encoded image of record `index`."""
        start, end = self._starts[index : index + 2]
        framed = os.pread(self._descriptor, end - start, start)
        return unpack_image(unframe(framed, self.describe(index))).content

    def describe(self, index: int) -> str:
        """Which record this is, for a message."""
        return f"{self.path.name}: record {index}"

    def _scan(self, file: IO[bytes]) -> None:
        for pieces in scan_records(file, self.path.name):
            self._labels.append(self._checked_label(self._head(file, pieces)))
            self._starts.append(_padded(pieces[-1][1]))

    def _head(self, file: IO[bytes], pieces: list[tuple[int, int]]) -> bytes:
        """A record's image header and labels, which the magic number may have split."""
        start, end = pieces[0]
        size = IMAGE_HEADER.size + 4 * self._labelling.numbers
        if len(pieces) == 1:
            file.seek(start)
            return file.read(min(end - start, size))
        file.seek(self._starts[-1])
        framed = file.read(_padded(pieces[-1][1]) - self._starts[-1])
        return unframe(framed, self.describe(len(self)))[:size]

    def _checked_label(self, head: bytes) -> Label:
        name = self.describe(len(self))
        if len(head) < IMAGE_HEADER.size:
            raise ProgramError(f"{name} holds no image header")
        count = IMAGE_HEADER.unpack_from(head)[0]
        self._labelling.check_count(max(count, 1), name)
        return self._labelling.read(unpack_image(head).labels, name)


class Records:
    """The images of several files or lists, one after the other, as one sequence."""

    def __init__(self, files: Sequence[Images]) -> None:
        self._files = files
        self._ends = list(itertools.accumulate(map(len, files)))

    @classmethod
    def scan(cls, paths: Iterable[Path], classes: int, several: bool = False) -> "Records":
        """Scan the files; what `RecordFile` raises names the file."""
        return cls([RecordFile(path, classes, several) for path in paths])

    def __len__(self) -> int:
        return self._ends[-1]

    def label(self, index: int) -> Label:
        """What record `index` shows, from 0 over all files."""
        file, within = self._at(index)
        return file.label(within)

    def image(self, index: int) -> bytes:
        """The encoded image of record `index`."""
        file, within = self._at(index)
        return file.image(within)

    def describe(self, index: int) -> str:
        """Which record of which file this is, for a message."""
        file, within = self._at(index)
        return file.describe(within)

    def _at(self, index: int) -> tuple[Images, int]:
        number = bisect.bisect_right(self._ends, index)
        file = self._files[number]
        return file, index - self._ends[number] + len(file)


def _padded(end: int) -> int:
    return end + -end % 4

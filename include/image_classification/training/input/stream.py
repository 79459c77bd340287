"""Image records from a stream that can be read only once and only forwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from include.image_classification.container import ProgramError
from include.image_classification.recordio.labels import Label, Labelling
from include.image_classification.recordio.records import (
    FIRST,
    LAST,
    LENGTH_BITS,
    MAGIC,
    MAX_LENGTH,
    PART_HEADER,
    WHOLE,
    unpack_image,
)


@dataclass(frozen=True)
class Sample:
    """One image of a stream: what it shows, its encoded bytes, and what to call it."""

    label: Label
    content: bytes
    name: str


def stream_samples(
    stream: IO[bytes], name: str, classes: int, several: bool = False
) -> Iterator[Sample]:
    """Yield a stream's images as they arrive, with one label or, if `several`, one a class.

    Raises:
        ProgramError: The stream is cut off or is not RecordIO, or a record has not one label, or
            none of `classes`; `name` says which stream.
    """
    labelling = Labelling(classes, several)
    for number, record in enumerate(_records(stream, name)):
        where = f"{name}: record {number}"
        image = unpack_image(record)
        yield Sample(labelling.read(image.labels, where), image.content, where)


def _records(stream: IO[bytes], name: str) -> Iterator[bytes]:
    pieces: list[bytes] = []
    while (part := _part(stream, name)) is not None:
        flag, data = part
        if (flag in (WHOLE, FIRST)) != (not pieces):
            raise _damaged(name)
        pieces.append(data)
        if flag in (WHOLE, LAST):
            yield MAGIC.join(pieces)
            pieces = []
    if pieces:
        raise _cut_off(name)


def _part(stream: IO[bytes], name: str) -> tuple[int, bytes] | None:
    """The next part's flag and data, or None at the end of the stream."""
    header = stream.read(PART_HEADER.size)
    if not header:
        return None
    if len(header) < PART_HEADER.size:
        raise _cut_off(name)
    magic, word = PART_HEADER.unpack(header)
    if magic != MAGIC or word >> LENGTH_BITS > LAST:
        raise _damaged(name)
    length = word & MAX_LENGTH
    data = stream.read(length + -length % 4)
    if len(data) < length + -length % 4:
        raise _cut_off(name)
    return word >> LENGTH_BITS, data[:length]


def _damaged(name: str) -> ProgramError:
    return ProgramError(f"{name} is no RecordIO, or is damaged: copy or convert it again")


def _cut_off(name: str) -> ProgramError:
    return ProgramError(f"{name} is cut off: its last record is incomplete; convert it again")

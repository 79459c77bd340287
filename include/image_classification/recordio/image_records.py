"""Image records: labels and an identifier, followed by the encoded image.

The header holds the number of labels that follow it (0: one label, inside the header), a float32
label, and two 64-bit identifiers. It is `mxnet.recordio.IRHeader`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from include.image_classification.container import CommandError

IMAGE_HEADER = struct.Struct("<IfQQ")

LARGEST_IDENTIFIER = 2**64 - 1

LARGEST_LABEL = 3.4028234663852886e38
"""The largest number that a record's labels can hold (float32)."""


@dataclass(frozen=True)
class ImageRecord:
    """One image of a record file: its labels, its identifier and its encoded bytes."""

    labels: tuple[float, ...]
    identifier: int
    content: bytes

    @property
    def label(self) -> float:
        """The label of an image that has one label."""
        return self.labels[0]


def pack_image(labels: Sequence[float], identifier: int, content: bytes) -> bytes:
    """Return an image record as mxnet.recordio.pack does: header, then the encoded image."""
    return image_header(labels, identifier) + content


def image_header(labels: Sequence[float], identifier: int) -> bytes:
    """Return the bytes that precede the encoded image in a record."""
    if len(labels) == 1:
        return IMAGE_HEADER.pack(0, labels[0], identifier, 0)
    header = IMAGE_HEADER.pack(len(labels), 0.0, identifier, 0)
    return header + struct.pack(f"<{len(labels)}f", *labels)


def count_labels(header: bytes) -> int:
    """Return the number of labels that an image record has, read from its header."""
    return max(int(IMAGE_HEADER.unpack_from(header)[0]), 1)


def unpack_image(record: bytes) -> ImageRecord:
    """Return the labels, the identifier and the encoded image of a record.

    Raises:
        CommandError: The record is too short for an image record.
    """
    if len(record) < IMAGE_HEADER.size:
        raise CommandError(f"a record of {len(record)} bytes is too short to hold an image")
    count, label, identifier, _ = IMAGE_HEADER.unpack_from(record)
    start = IMAGE_HEADER.size + 4 * count
    if count == 0:
        return ImageRecord((label,), identifier, record[start:])
    if len(record) < start:
        raise CommandError(f"a record of {len(record)} bytes is too short for {count} labels")
    labels = struct.unpack_from(f"<{count}f", record, IMAGE_HEADER.size)
    return ImageRecord(labels, identifier, record[start:])

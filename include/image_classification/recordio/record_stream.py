"""Image records from a stream that is read once, without seeking: a channel in Pipe mode."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from include.image_classification.recordio.framing import read_stream
from include.image_classification.recordio.image_records import unpack_image
from include.image_classification.recordio.labels import Label, Labelling


@dataclass(frozen=True)
class Sample:
    """One image of a stream: its label, its encoded bytes, and its name in error messages."""

    label: Label
    content: bytes
    name: str


def stream_samples(
    stream: IO[bytes], name: str, classes: int, several: bool = False
) -> Iterator[Sample]:
    """Yield the images of a stream.

    Args:
        stream: The record file's bytes.
        name: What error messages call the stream.
        classes: The number of classes.
        several: Whether an image has a 0 or 1 for each class, rather than one class.

    Raises:
        CommandError: The stream is cut off or is not RecordIO, or a record has another number of
            labels or a label that is not one of `classes`.
    """
    labelling = Labelling(classes, several)
    for number, record in enumerate(read_stream(stream, name)):
        record_name = f"{name}: record {number}"
        image = unpack_image(record)
        label = labelling.read(image.labels, record_name)
        yield Sample(label, image.content, f"{record_name} (key {image.identifier})")

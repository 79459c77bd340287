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


def stream_samples(stream: IO[bytes], name: str, labelling: Labelling) -> Iterator[Sample]:
    """Yield the images of a stream.

    Args:
        stream: The record file's bytes.
        name: What error messages call the stream.
        labelling: The allowed labels.

    Raises:
        CommandError: The stream is cut off or is not RecordIO, or a record has another number of
            labels or a label that is not allowed.
    """
    for number, record in enumerate(read_stream(stream, name)):
        record_name = f"{name}: record {number}"
        image = unpack_image(record)
        label = labelling.read(image.labels, record_name)
        yield Sample(label, image.content, f"{record_name} (key {image.identifier})")

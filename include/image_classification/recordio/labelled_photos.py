"""Photos and labels in turn, each as a record: an augmented manifest in Pipe mode.

SageMaker sends the attributes of each line of the manifest in the order of the channel's
AttributeNames. https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html
"""

import json
from collections.abc import Iterator
from typing import IO, Any

from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import read_stream
from include.image_classification.recordio.labels import LabelFormat, Labelling
from include.image_classification.recordio.record_stream import Sample

_ATTRIBUTES = (
    'AttributeNames must be the photo and its label, in this order, such as ["source-ref", "class"]'
)
_SHOWN = 60


def labelled_photos(
    stream: IO[bytes], name: str, labelling: Labelling, label_format: LabelFormat
) -> Iterator[Sample]:
    """Yield the photos of a stream with their labels.

    Args:
        stream: Records of a photo and of its label in turn. A label is a number, a number as text,
            or a JSON list of numbers.
        name: What error messages call the stream.
        labelling: The allowed labels.
        label_format: The meaning of a list.

    Raises:
        CommandError: The stream is cut off or is not RecordIO, or a label or a photo is missing, or
            a label is not allowed.
    """
    records = read_stream(stream, name)
    for number, photo in enumerate(records, start=1):
        photo_name = f"{name}: photo {number}"
        if _is_label(photo):
            raise CommandError(f"{photo_name} is the text {_shown(photo)}: {_ATTRIBUTES}")
        label = next(records, None)
        if label is None:
            raise CommandError(f"{photo_name}, the last one, has no label: {_ATTRIBUTES}")
        numbers = _numbers(label, photo_name)
        if labelling.several and label_format == "class-id":
            numbers = _multi_hot(numbers, labelling, photo_name)
        yield Sample(labelling.read(numbers, photo_name), photo, photo_name)


def _is_label(record: bytes) -> bool:
    """Return whether a record is JSON or short text. No photo starts like that."""
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.isprintable()


def _numbers(record: bytes, name: str) -> list[float]:
    try:
        value: Any = json.loads(record)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, str):  # a number as a JSON string
        value = _number(value)
    numbers = value if isinstance(value, list) else [value]
    if not all(isinstance(number, int | float) for number in numbers):
        raise CommandError(
            f"{name} has the label {_shown(record)}, which is not the number of a class, nor a "
            "list of numbers; Ground Truth writes the number as the label attribute, and the name "
            f"into its metadata. {_ATTRIBUTES}"
        )
    return [float(number) for number in numbers]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _multi_hot(classes: list[float], labelling: Labelling, name: str) -> list[float]:
    one_of = Labelling(labelling.classes)
    found = {one_of.read([number], name) for number in classes}
    return [float(number in found) for number in range(labelling.classes)]


def _shown(record: bytes) -> str:
    text = record.decode("utf-8", errors="replace")
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")

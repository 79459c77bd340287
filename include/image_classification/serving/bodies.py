"""Request bodies: one photo, or RecordIO with a photo in each record."""

import io
from collections.abc import Iterator, Sequence

from include.contracts.content_types import IMAGE_TYPES, RECORD_TYPE
from include.contracts.photo_formats import JPEG_START, PNG_START
from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import MAGIC, read_stream
from include.image_classification.recordio.image_records import unpack_image
from include.image_classification.serving.photo import PhotoError

TYPES = (*IMAGE_TYPES, RECORD_TYPE)


def split_body(body: bytes, kind: str) -> Sequence[bytes]:
    """Return the encoded photos in a request body.

    With an image content type, the body is the photo. With RecordIO, each record is an image record
    (labels are ignored) or a photo. Batch transform with SplitType RecordIO sends single records
    without their frame.

    Raises:
        PhotoError: The body is empty, or its records are damaged.
    """
    if kind != RECORD_TYPE:
        return [body]
    if not body:
        raise PhotoError("the body is empty: send at least one record")
    try:
        return [_content(record) for record in _records(body)]
    except CommandError as error:
        raise PhotoError(str(error)) from None


def _records(body: bytes) -> Iterator[bytes]:
    if not body.startswith(MAGIC):
        yield body
        return
    yield from read_stream(io.BytesIO(body), "the body")


def _content(record: bytes) -> bytes:
    return record if record.startswith((JPEG_START, PNG_START)) else unpack_image(record).content

"""What a request holds: one photo, or records with a photo each."""

import io
from collections.abc import Iterator, Sequence

from include.contracts.content_types import IMAGE_TYPES, RECORD_TYPE
from include.image_classification.container import ProgramError
from include.image_classification.images.header import JPEG_START, PNG_START
from include.image_classification.recordio.framing import MAGIC, read_stream
from include.image_classification.recordio.image_records import unpack_image
from include.image_classification.serving.photo import PhotoError

TYPES = (*IMAGE_TYPES, RECORD_TYPE)


def photos(body: bytes, kind: str) -> Sequence[bytes]:
    """Return the photos' bytes: of an image type the body itself, of RecordIO each record's.

    A record is an image record (a header with labels, which are passed over, and the photo), or
    the photo alone. Where batch transform sends one record at a time it has taken the frame off:
    then the body is the record.

    Raises:
        PhotoError: the body is empty, or its records are damaged.
    """
    if kind != RECORD_TYPE:
        return [body]
    if not body:
        raise PhotoError("the body is empty: send at least one record")
    try:
        return [_content(record) for record in _records(body)]
    except ProgramError as error:
        raise PhotoError(str(error)) from None


def _records(body: bytes) -> Iterator[bytes]:
    if not body.startswith(MAGIC):
        yield body
        return
    yield from read_stream(io.BytesIO(body), "the body")


def _content(record: bytes) -> bytes:
    return record if record.startswith((JPEG_START, PNG_START)) else unpack_image(record).content

"""From a request's body to an image, or to the reason why not."""

from include.image_classification.dataset.photo_header import describe, read_photo_header
from include.image_classification.squash import Image
from include.image_classification.training.decoding import decode

MAX_PIXELS = 100_000_000
"""What a request may claim to hold: a few kilobytes can unfold to gigabytes."""


class PhotoError(Exception):
    """The body is no image that can be classified; the message is for whoever sent it."""


def read_photo(body: bytes, channels: int) -> Image:
    """Decode a JPEG or PNG, upright, to RGB or grey.

    Raises:
        PhotoError: the body is empty, another format, cut off, too large or damaged.
    """
    if not body:
        raise PhotoError("the body is empty: send the bytes of one JPEG or PNG")
    header = read_photo_header(body)
    if header is None:
        raise PhotoError(f"the body is no image: {describe(body)}")
    if not header.whole:
        raise PhotoError("the image is cut off: the body ends before its picture does")
    if header.width * header.height > MAX_PIXELS:
        raise PhotoError(
            f"the image has {header.width} x {header.height} pixels, more than {MAX_PIXELS}"
        )
    image = decode(body, channels)
    if image is None:
        raise PhotoError("the image cannot be decoded: it is damaged")
    return image

"""From a photo's bytes to the pixels that a network takes, or to the reason why not.

The photo is decoded and squashed by the very functions by which im2rec makes squashed records, so
that a network is asked what it was trained on; and, like im2rec, this refuses what libjpeg only
warns of, where other decoders answer with a picture that is partly grey.
"""

from functools import partial

import numpy as np

from include.contracts.limits import MOST_CHUNKS, size_problem
from include.image_classification.conversion.encoding import Encoding, fit, reduction
from include.image_classification.images.decoding import Colour, decode
from include.image_classification.images.header import PNG_START, describe, read_photo_header
from include.image_classification.images.resizing import Image, squash
from include.image_classification.images.still import AnimatedPhotoError


class PhotoError(Exception):
    """The body is no image that can be classified; the message is for whoever sent it."""


def read_photo(body: bytes, shape: tuple[int, int, int]) -> Image:
    """Decode a JPEG or PNG, upright, and squash it to channels, height and width.

    Grey becomes RGB or, with one channel, colour becomes grey; an alpha channel is dropped.

    Raises:
        PhotoError: the body is empty, another format, animated, cut off, too large or damaged.
    """
    _check(body)
    channels, height, width = shape
    square = Encoding(height, "squash")
    colour: Colour = 1 if channels == 3 else 0
    try:
        if height == width:
            image = fit(decode(body, colour, partial(reduction, encoding=square)), square)
        else:
            image = squash(decode(body, colour).image, height, width)
    except AnimatedPhotoError as error:
        raise PhotoError(f"the image cannot be classified: {error}") from None
    except ValueError as error:
        raise PhotoError(f"the image is damaged: {error}") from None
    pixels = np.atleast_3d(image)
    return pixels[..., ::-1] if channels == 3 else pixels


def _check(body: bytes) -> None:
    if not body:
        raise PhotoError("the body is empty: send the bytes of one JPEG or PNG")
    header = read_photo_header(body)
    if header is None:
        raise PhotoError(f"the body is no image: {describe(body)}")
    if not header.whole or not (header.suffix == "jpg" or _has_whole_chunks(body)):
        raise PhotoError("the image is cut off: the body ends before its picture does")
    if wrong := size_problem(header.suffix, header.width, header.height):
        raise PhotoError(f"the image has {wrong}")


def _has_whole_chunks(png: bytes) -> bool:
    # A chunk may claim 2 GB, and the decoder takes the memory before it looks what is there.
    at = len(PNG_START)
    for _ in range(MOST_CHUNKS):
        if at >= len(png) or png[at + 4 : at + 8] == b"IEND":
            return at + 8 <= len(png)
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return False

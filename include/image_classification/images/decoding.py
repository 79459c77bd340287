"""Decoding a photo at no larger a scale than its record needs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from include.image_classification.images.header import JPEG_START, read_photo_header
from include.image_classification.images.orientation import TRANSPOSED, orientation, upright
from include.image_classification.images.resizing import Image
from include.image_classification.images.still import decode_still
from include.image_classification.images.strict_decoding import RefusedPhotoError, decode_small

Colour = Literal[1, 0, -1]

# JPEG decodes to these parts of its size for less work. Libjpeg has others, such as five eighths,
# which are no faster than decoding all.
REDUCTIONS = (8, 4, 2)

OPENCV_FLAGS = {1: cv2.IMREAD_COLOR, 0: cv2.IMREAD_GRAYSCALE, -1: cv2.IMREAD_UNCHANGED}
CHANNELS = {1: "BGR", 0: "GRAY"}
END_OF_JPEG = b"\xff\xd9"


@dataclass(frozen=True)
class Decoded:
    """A photo's pixels, at one part in `reduction` of its `height` and `width`."""

    image: Image
    """height x width x channels, in OpenCV's order of colours."""
    reduction: int
    height: int
    width: int


Reduction = Callable[[int, int], int]
"""One of `REDUCTIONS` at which a photo of this height and width shows enough, or 1, for all."""


def decode(data: bytes, colour: Colour, reduction: Reduction = lambda *_: 1) -> Decoded:
    """Decode a photo, a JPEG at the part of its size that is enough.

    Args:
        data: The file's bytes.
        colour: 1 for colour and 0 for grey, both upright; -1 for what the file holds, at 8 bits.
        reduction: Which part that is.

    Raises:
        ValueError: It cannot be decoded, is damaged or cut off, or is an animated PNG.
    """
    if data.startswith(JPEG_START):
        decoded = _by_libjpeg(data, CHANNELS[colour], reduction) if colour != -1 else None
        if decoded is not None:
            return decoded
        _check(data)
    image: Any = decode_still(data, OPENCV_FLAGS[colour]) if data else None
    if image is None:
        raise ValueError("it cannot be decoded")
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    return _decoded(image, 1, image.shape[:2])


def _by_libjpeg(data: bytes, channels: str, reduction: Reduction) -> Decoded | None:
    """Decode as OpenCV does, to the same pixels; None for what it warns of, or cannot read."""
    if not data.endswith(END_OF_JPEG):
        return None
    try:
        height, width, stored, _ = simplejpeg.decode_jpeg_header(data)
        if stored not in ("YCbCr", "Gray"):
            return None
        turn = orientation(data)
        if turn in TRANSPOSED:
            height, width = width, height
        part = reduction(height, width)
        least = [math.ceil(side / part) for side in (height, width)]
        if turn in TRANSPOSED:
            least.reverse()
        image = simplejpeg.decode_jpeg(
            data,
            channels,
            min_height=least[0],
            min_width=least[1],
            fastupsample=part > 1,
        )
    except ValueError:
        return None
    return _decoded(image if turn == 1 else upright(image, turn), part, (height, width))


def _check(data: bytes) -> None:
    """Refuse a damaged JPEG, which OpenCV decodes in part and leaves the rest grey."""
    header = read_photo_header(data)
    if header is None or not header.whole:
        raise ValueError("it is cut off: the file ends before its picture does")
    try:
        decode_small(data, header)
    except RefusedPhotoError as error:
        raise ValueError(error.detail) from error


def _decoded(image: NDArray[np.uint8], reduction: int, size: tuple[int, int]) -> Decoded:
    return Decoded(np.atleast_3d(image), reduction, *size)

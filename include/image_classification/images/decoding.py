"""Decoding of photos for conversion and serving, at no larger a scale than necessary."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import simplejpeg

from include.contracts.limits import size_problem
from include.contracts.photo_formats import JPEG_END, JPEG_START
from include.image_classification.images.header import read_photo_header
from include.image_classification.images.opencv_decoder import Color, decode_pixels
from include.image_classification.images.orientation import (
    TRANSPOSED,
    read_orientation,
    turn_upright,
)
from include.image_classification.images.resizing import Image
from include.image_classification.images.strict_decoding import RefusedPhotoError, decode_small

# The scales at which decoding a JPEG is faster. Libjpeg has others, such as five eighths, which are
# no faster than full size.
REDUCTIONS = (8, 4, 2)

LIBJPEG_COLORS = {1: "BGR", 0: "GRAY"}


@dataclass(frozen=True)
class Decoded:
    """A photo's pixels, decoded at 1/`reduction` of its `height` and `width`."""

    image: Image
    """height x width x channels, in OpenCV's order of colors."""
    reduction: int
    height: int
    width: int


Reduction = Callable[[int, int], int]
"""Returns one of `REDUCTIONS` that is sufficient for a height and width, or 1 for full size."""

Repeats = Callable[[int, int], bool]
"""Returns whether a photo of a height and width may be decoded without interpolating colors."""


def decode_photo(
    data: bytes,
    color: Color,
    reduction: Reduction = lambda *_: 1,
    repeats: Repeats = lambda *_: False,
) -> Decoded:
    """Decode a photo; a JPEG at a reduced scale, where that is sufficient.

    Args:
        data: The file's bytes.
        color: 1 for color and 0 for gray, both upright; -1 for the channels of the file, with
            8 bits.
        reduction: Chooses the scale.
        repeats: Whether the pixels that share a color in a JPEG may get that color; otherwise
            colors are interpolated. At a reduced scale they are not interpolated.

    Raises:
        ValueError: The photo cannot be decoded, is damaged or cut off, is an animated PNG, or
            exceeds a limit of `contracts.limits`.
    """
    if data.startswith(JPEG_START):
        decoded = decode_sound_jpeg(data, color, reduction, repeats) if color != -1 else None
        if decoded is not None:
            return decoded
        check_damage(data)
    else:
        check_size(data)
    image = decode_pixels(data, color) if data else None
    if image is None:
        raise ValueError("it cannot be decoded")
    return Decoded(image, 1, *image.shape[:2])


def decode_sound_jpeg(
    data: bytes,
    color: Color,
    reduction: Reduction = lambda *_: 1,
    repeats: Repeats = lambda *_: False,
) -> Decoded | None:
    """Decode a JPEG to the same pixels as OpenCV; None if libjpeg warns or cannot read the file.

    The arguments are those of `decode_photo`; the color is 1 or 0.

    Raises:
        ValueError: The picture exceeds a limit of `contracts.limits`.
    """
    if not data.endswith(JPEG_END):
        return None
    try:
        height, width, stored, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    _check_size("jpg", width, height)
    if stored not in ("YCbCr", "Gray"):
        return None
    try:
        turn = read_orientation(data)
        if turn in TRANSPOSED:
            height, width = width, height
        scale = reduction(height, width)
        least = [math.ceil(side / scale) for side in (height, width)]
        if turn in TRANSPOSED:
            least.reverse()
        image = simplejpeg.decode_jpeg(
            data,
            LIBJPEG_COLORS[color],
            min_height=least[0],
            min_width=least[1],
            fastupsample=scale > 1 or repeats(height, width),
        )
    except ValueError:
        return None
    pixels = np.atleast_3d(image if turn == 1 else turn_upright(image, turn))
    return Decoded(pixels, scale, height, width)


def check_size(data: bytes) -> None:
    """Reject a picture that is too large, by its header.

    Raises:
        ValueError: The picture exceeds a limit of `contracts.limits`.
    """
    header = read_photo_header(data)
    if header:
        _check_size(header.suffix, header.width, header.height)


def _check_size(suffix: str, width: int, height: int) -> None:
    if problem := size_problem(suffix, width, height):
        raise ValueError(f"it is too large: {problem}")


def check_damage(data: bytes) -> None:
    """Reject a damaged JPEG: OpenCV would decode a part of it and leave the rest gray.

    Raises:
        ValueError: The JPEG is damaged, cut off, or exceeds a limit of `contracts.limits`.
    """
    header = read_photo_header(data)
    if header is None or not header.whole:
        raise ValueError("it is cut off: the file ends before its picture does")
    _check_size("jpg", header.width, header.height)
    try:
        decode_small(data, header)
    except RefusedPhotoError as error:
        raise ValueError(error.detail) from error

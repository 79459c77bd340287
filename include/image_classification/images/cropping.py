"""Cutting a photo to the part that its box shows."""

import math
from dataclasses import dataclass
from typing import Any

import cv2

from include.contracts.dataset import Box
from include.image_classification.images.header import PhotoHeader
from include.image_classification.images.orientation import orientation, upright
from include.image_classification.images.resizing import Image
from include.image_classification.images.still import decode_still

QUALITY = 95


@dataclass(frozen=True)
class CutImage:
    """A part of a photo, upright, encoded as a photo of its own."""

    data: bytes
    pixels: Image

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


def place_box(box: Box, margin: float, width: int, height: int) -> Box | None:
    """Return the part of a photo to keep, or None if the box shows nothing of it.

    The box is clipped to the photo; then it grows by a margin, a share of its width to the left and
    the right and the same share of its height above and below; and is clipped again.

    Args:
        box: In the photo's pixels as stored.
        margin: The share, 0 for none.
        width: Of the photo, as stored.
        height: Of the photo, as stored.
    """
    left, right = _grown(max(0, box.left), min(width, box.right), margin, width)
    top, bottom = _grown(max(0, box.top), min(height, box.bottom), margin, height)
    return Box(left, top, right, bottom) if left < right and top < bottom else None


def _grown(start: int, end: int, margin: float, limit: int) -> tuple[int, int]:
    more = math.floor((end - start) * margin + 0.5) if end > start else 0
    return max(0, start - more), min(limit, end + more)


def cut(data: bytes, box: Box, header: PhotoHeader) -> CutImage | None:
    """Cut a box that lies within a photo, at full resolution; None if the photo does not decode.

    The box counts pixels as stored; EXIF's orientation is obeyed after cutting. A JPEG is encoded
    again as one of quality 95 whose colours keep their resolution, a PNG as PNG of 8 bits without
    transparency, which every decoder further on would drop.
    """
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    photo: Any = decode_still(data, flags)
    if photo is None:
        return None
    part = upright(photo[box.top : box.bottom, box.left : box.right], orientation(data))
    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, QUALITY),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ]
    encoded = cv2.imencode(f".{header.suffix}", part, options if header.suffix == "jpg" else [])
    return CutImage(encoded[1].tobytes(), part)

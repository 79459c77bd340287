"""Cropping of photos to their bounding boxes."""

import math
from dataclasses import dataclass
from typing import Any

import cv2

from include.contracts.dataset import Box
from include.image_classification.images.header import PhotoHeader
from include.image_classification.images.opencv_decoder import decode_still
from include.image_classification.images.orientation import read_orientation, turn_upright
from include.image_classification.images.resizing import Image
from include.image_classification.images.webp import decode_webp, is_webp

QUALITY = 95


@dataclass(frozen=True)
class CroppedImage:
    """A part of a photo, upright, encoded as a photo."""

    data: bytes
    pixels: Image

    @property
    def width(self) -> int:
        """The width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """The height in pixels."""
        return int(self.pixels.shape[0])


def place_box(box: Box, margin: float, width: int, height: int) -> Box | None:
    """Return the part of a photo to keep, or None if the box lies outside the photo.

    The box is clipped to the photo, then grows by the margin on all four sides, and is clipped
    again.

    Args:
        box: The bounding box in the photo's pixels as stored.
        margin: The growth of a side, as a fraction of the box's width or height.
        width: The photo's width as stored.
        height: The photo's height as stored.
    """
    left, right = _grow(max(0, box.left), min(width, box.right), margin, width)
    top, bottom = _grow(max(0, box.top), min(height, box.bottom), margin, height)
    return Box(left, top, right, bottom) if left < right and top < bottom else None


def _grow(start: int, end: int, margin: float, limit: int) -> tuple[int, int]:
    growth = math.floor((end - start) * margin + 0.5) if end > start else 0
    return max(0, start - growth), min(limit, end + growth)


def crop(data: bytes, box: Box, header: PhotoHeader) -> CroppedImage | None:
    """Crop a photo at full resolution to a box inside it; None if the photo cannot be decoded.

    The box is in pixels as stored; EXIF orientation is applied after cropping. A JPEG is encoded
    as JPEG of quality 95 without chroma subsampling, a PNG as PNG of 8 bits without transparency,
    which all later decoders drop; a WebP as either, see `read_webp_header`.

    Raises:
        RefusedPhotoError: A WebP cannot be decoded.
    """
    photo: Any = _decode(data)
    if photo is None:
        return None
    part = turn_upright(photo[box.top : box.bottom, box.left : box.right], read_orientation(data))
    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, QUALITY),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ]
    encoded = cv2.imencode(f".{header.suffix}", part, options if header.suffix == "jpg" else [])
    return CroppedImage(encoded[1].tobytes(), part)


def _decode(data: bytes) -> Any:
    if is_webp(data):
        return decode_webp(data)
    return decode_still(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)

"""Thumbnails, embedded in pages as data URIs."""

import base64
from pathlib import Path
from typing import Any

import cv2

from include.contracts.limits import size_problem
from include.contracts.photo_formats import JPEG_END
from include.image_classification.images.header import read_photo_header
from include.image_classification.images.opencv_decoder import decode_still

QUALITY = 82

SCALED = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}


def make_thumbnail(path: Path, width: int, height: int) -> str | None:
    """Return a data URI of the image's center, upright, with width x height pixels.

    None if the file does not exist, is neither JPEG nor PNG, announces too many pixels, is animated
    or cannot be decoded.
    """
    try:
        image = _decode(path.read_bytes(), max(width, height))
    except (OSError, ValueError, cv2.error):
        return None
    if image is None:
        return None
    scale = max(width / image.shape[1], height / image.shape[0])
    size = max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(image, size, interpolation=method)
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    center = resized[top : top + height, left : left + width]
    _, jpeg = cv2.imencode(".jpg", center, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def _decode(data: bytes, side: int) -> Any:
    """Decode at the smallest scale at which both sides have at least `side` pixels."""
    header = read_photo_header(data)
    # Pages show refused photos, too: a file of a few kilobytes can decode to gigabytes.
    if header is None or size_problem(header.suffix, header.width, header.height):
        return None
    shorter = min(header.width, header.height)
    flags = next((SCALED[scale] for scale in SCALED if shorter >= scale * side), cv2.IMREAD_COLOR)
    # With an end marker, OpenCV decodes the existing part of a JPEG that is cut off.
    return decode_still(data + JPEG_END, flags)

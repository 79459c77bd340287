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
        if image is None:
            return None
        center = _center(image, width / height)
        method = cv2.INTER_AREA if center.shape[1] > width else cv2.INTER_LINEAR
        thumbnail = cv2.resize(center, (width, height), interpolation=method)
        _, jpeg = cv2.imencode(".jpg", thumbnail, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    except (OSError, ValueError, cv2.error):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def _center(image: Any, aspect: float) -> Any:
    """Return the largest centered part of an image whose width is this multiple of its height.

    It is cut out before it is resized: to fill the frame with the whole of a thin strip would take
    gigabytes.
    """
    height, width = image.shape[:2]
    rows = min(height, max(1, round(width / aspect)))
    columns = min(width, max(1, round(height * aspect)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[top : top + rows, left : left + columns]


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

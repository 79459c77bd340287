"""Small pictures that live inside a page."""

import base64
from pathlib import Path
from typing import Any

import cv2

from include.contracts.limits import size_problem
from include.image_classification.images.header import read_photo_header
from include.image_classification.images.still import decode_still

QUALITY = 82

SCALED = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}

# OpenCV shows what there is of a JPEG that is cut off, if only its end is there.
END_OF_JPEG = b"\xff\xd9"


def thumbnail(path: Path, width: int, height: int) -> str | None:
    """Return a data URI of the image, upright, its middle cut to width x height pixels.

    None if there is no such file, or it is no JPEG or PNG, claims to be gigantic, is animated, or
    cannot be decoded.
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
    cut = resized[top : top + height, left : left + width]
    _, jpeg = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def _decode(data: bytes, side: int) -> Any:
    """Decode at the smallest scale at which each side has so many pixels, if it has them."""
    header = read_photo_header(data)
    # Pages show refused photos, too: a few kilobytes can unfold to gigabytes.
    if header is None or size_problem(header.suffix, header.width, header.height):
        return None
    shorter = min(header.width, header.height)
    flags = next((SCALED[scale] for scale in SCALED if shorter >= scale * side), cv2.IMREAD_COLOR)
    return decode_still(data + END_OF_JPEG, flags)

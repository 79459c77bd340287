"""Small pictures that live inside a page."""

import base64
from pathlib import Path

import cv2
import numpy as np

QUALITY = 82


def thumbnail(path: Path, width: int, height: int) -> str | None:
    """Return a data URI of the image, upright, its middle cut to width x height pixels.

    None if there is no such file or it cannot be decoded.
    """
    try:
        encoded = np.frombuffer(path.read_bytes(), np.uint8)
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
    except (OSError, cv2.error):
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

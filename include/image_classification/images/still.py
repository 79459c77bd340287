"""OpenCV's decoder, which gets JPEGs and still PNGs only.

It would read many more formats by decoders that crafted files can exploit, as JPEG 2000
(CVE-2025-53644), and some animated PNGs end the process with it.
"""

from typing import Any

import cv2
import numpy as np

from include.image_classification.images.animation import animation
from include.image_classification.images.header import JPEG_START, PNG_START, describe


class UnsupportedPhotoError(ValueError):
    """A file is in another format than JPEG and PNG; the text names it."""


class AnimatedPhotoError(ValueError):
    """A photo is an animated PNG; the text says so to whoever sent it."""


def decode_still(data: bytes, flags: int) -> Any:
    """Decode a JPEG or PNG as cv2.imdecode does; None for what it cannot decode.

    Args:
        data: The file's bytes.
        flags: OpenCV's, of how to read it.

    Raises:
        UnsupportedPhotoError: Its first bytes are neither a JPEG's nor a PNG's.
        AnimatedPhotoError: It is an animated PNG.
        cv2.error: OpenCV fails of it.
    """
    if not data.startswith((JPEG_START, PNG_START)):
        raise UnsupportedPhotoError(f"it cannot be decoded: {describe(data)}")
    if data.startswith(PNG_START) and (moving := animation(data)):
        # A frame that is damaged or larger than the picture is a segmentation fault of OpenCV 4.11.
        raise AnimatedPhotoError(f"it is {moving}, and a photo shows one picture")
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)

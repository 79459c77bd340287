"""OpenCV's decoder, restricted to JPEG and still PNG.

OpenCV reads many more formats, some with decoders that crafted files can exploit, such as JPEG 2000
(CVE-2025-53644), and some animated PNGs end the process. All decoding by OpenCV goes through this
module.
"""

from typing import Any, Literal

import cv2
import numpy as np

from include.contracts.photo_formats import JPEG_START, PNG_START
from include.image_classification.images.animation import detect_animation
from include.image_classification.images.header import describe
from include.image_classification.images.resizing import Image

Color = Literal[1, 0, -1]
"""1 for color, 0 for gray, both upright; -1 for the channels of the file, as in im2rec.py."""

FLAGS = {1: cv2.IMREAD_COLOR, 0: cv2.IMREAD_GRAYSCALE, -1: cv2.IMREAD_UNCHANGED}


class UnsupportedPhotoError(ValueError):
    """The file is neither JPEG nor PNG; the message names its format."""


class AnimatedPhotoError(ValueError):
    """The file is an animated PNG; the message is for the sender of the photo."""


def decode_pixels(data: bytes, color: Color) -> Image | None:
    """Decode a JPEG or PNG at full size.

    Returns:
        The pixels with 8 bits a channel, in OpenCV's order (blue, green, red), or None if OpenCV
        cannot decode the file.

    Raises:
        UnsupportedPhotoError: The file is neither JPEG nor PNG.
        AnimatedPhotoError: The file is an animated PNG.
        cv2.error: OpenCV failed.
    """
    image = decode_still(data, FLAGS[color])
    if image is None:
        return None
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    return np.atleast_3d(np.asarray(image, np.uint8))


def decode_still(data: bytes, flags: int) -> Any:
    """Decode a JPEG or PNG with cv2.imdecode's `flags`; None if OpenCV cannot decode it.

    Raises:
        UnsupportedPhotoError: The file is neither JPEG nor PNG.
        AnimatedPhotoError: The file is an animated PNG.
        cv2.error: OpenCV failed.
    """
    if not data.startswith((JPEG_START, PNG_START)):
        raise UnsupportedPhotoError(f"it cannot be decoded: {describe(data)}")
    if data.startswith(PNG_START) and (kind := detect_animation(data)):
        # OpenCV 4.11 crashes on a frame that is damaged or larger than the picture.
        raise AnimatedPhotoError(f"it is {kind}; only still images are supported")
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)

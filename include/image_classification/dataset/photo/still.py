"""OpenCV's decoder, kept from animated PNGs: some of them end the process with it."""

from typing import Any

import cv2
import numpy as np

from include.image_classification.dataset.photo.animation import animation
from include.image_classification.dataset.photo.header import PNG_START


class AnimatedPhotoError(ValueError):
    """A photo is an animated PNG; the text says so to whoever sent it."""


def decode_still(data: bytes, flags: int) -> Any:
    """Decode a photo as cv2.imdecode does; None for what is no image.

    Args:
        data: The file's bytes.
        flags: OpenCV's, of how to read it.

    Raises:
        AnimatedPhotoError: It is an animated PNG.
        cv2.error: OpenCV fails of it.
    """
    if data.startswith(PNG_START) and (moving := animation(data)):
        # A frame that is damaged or larger than the picture is a segmentation fault of OpenCV 4.11.
        raise AnimatedPhotoError(f"it is {moving}, and a photo shows one picture")
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)

"""Resizing of images, shared by conversion, training and serving."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""height x width x channels."""


def squash(image: Image, height: int, width: int) -> Image:
    """Resize to height x width, ignoring the aspect ratio, as the built-in does at inference.

    A side that shrinks is averaged (OpenCV's default skips pixels), a side that grows is
    interpolated cubically. Each has its own step because averaging works only if no side grows.
    """
    shrunk = min(height, image.shape[0]), min(width, image.shape[1])
    return _scale(_scale(image, shrunk, cv2.INTER_AREA), (height, width), cv2.INTER_CUBIC)


def _scale(image: Image, size: tuple[int, int], interpolation: int) -> Image:
    if image.shape[:2] == size:
        return image
    resized = cv2.resize(np.ascontiguousarray(image), size[::-1], interpolation=interpolation)
    return np.asarray(resized, np.uint8).reshape(*size, image.shape[2])

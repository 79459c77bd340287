"""The one way in which images are brought to a size: im2rec's, training's and serving's."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""height x width x channels."""


def squash(image: Image, height: int, width: int) -> Image:
    """Resize to height x width without keeping the aspect, as the built-in does at inference.

    A side that shrinks is averaged, where OpenCV's default skips pixels; averaging works only if
    both sides shrink, so that a side that grows is done on its own, and is cubic.
    """
    shrunk = min(height, image.shape[0]), min(width, image.shape[1])
    return _scale(_scale(image, shrunk, cv2.INTER_AREA), (height, width), cv2.INTER_CUBIC)


def _scale(image: Image, size: tuple[int, int], interpolation: int) -> Image:
    if image.shape[:2] == size:
        return image
    resized = cv2.resize(np.ascontiguousarray(image), size[::-1], interpolation=interpolation)
    return np.asarray(resized, np.uint8).reshape(*size, image.shape[2])

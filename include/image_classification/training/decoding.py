"""From encoded bytes to the pixels that a network takes, the same in training and serving."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""height x width x channels, RGB or grey."""


def decode(encoded: bytes, channels: int) -> Image | None:
    """Decode a JPEG or PNG upright (EXIF is obeyed) to RGB or, with one channel, to grey.

    Grey images become RGB, an alpha channel is dropped, 16 bits become 8. None if the bytes are
    no image.
    """
    flag = cv2.IMREAD_COLOR if channels == 3 else cv2.IMREAD_GRAYSCALE
    try:
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), flag)
    except cv2.error:
        return None
    if image is None:
        return None
    pixels = np.asarray(image, np.uint8)
    return pixels[..., ::-1] if channels == 3 else pixels[..., None]


def squash(image: Image, height: int, width: int) -> Image:
    """Resize to height x width without keeping the aspect, as the built-in does at inference.

    The same resampling as im2rec's: a side that shrinks is averaged, a side that grows is cubic.
    """
    shrunk = min(height, image.shape[0]), min(width, image.shape[1])
    return _scale(_scale(image, shrunk, cv2.INTER_AREA), (height, width), cv2.INTER_CUBIC)


def _scale(image: Image, size: tuple[int, int], interpolation: int) -> Image:
    if image.shape[:2] == size:
        return image
    resized = cv2.resize(np.ascontiguousarray(image), size[::-1], interpolation=interpolation)
    return np.asarray(resized, np.uint8).reshape(*size, image.shape[2])

"""Random photos of 32 pixels, which differ in content and in perceptual hash, as real ones do."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32
BLOCK = 1000


def draw_photo(number: int) -> bytes:
    """Return a random JPEG; the same number gives the same photo."""
    block, position = divmod(number, BLOCK)
    noise = _noise(block)[position]
    picture = cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1])


# A random generator takes longer to start than a photo to draw.
@lru_cache(maxsize=4)
def _noise(block: int) -> NDArray[np.uint8]:
    return np.random.default_rng(block).integers(0, 256, (BLOCK, 9, 9, 3), np.uint8)

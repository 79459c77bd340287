"""Perceptual hash of images, to find near-duplicates.

Hand-written because the package imagehash depends on SciPy, for twelve lines of NumPy.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 9, 8


def perceptual_hash(gray: NDArray[np.uint8]) -> int:
    """Return a 64-bit hash; scaling, re-encoding or brightening an image changes few of its bits.

    The image is shrunk to 9 x 8 pixels. A bit is 1 if a pixel is darker than its right neighbor;
    the first row is the most significant. This is Krawetz's difference hash
    (https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html).

    Args:
        gray: An image of one channel, at least 1 x 1 pixels.
    """
    small = cv2.resize(gray, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    bits = small[:, 1:] > small[:, :-1]
    return int.from_bytes(np.packbits(bits).tobytes(), "big")

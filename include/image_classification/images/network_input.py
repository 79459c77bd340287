"""From encoded bytes to the pixels that a network takes, the same in training and serving."""

import cv2
import numpy as np

from include.image_classification.images.animation import animation
from include.image_classification.images.header import describe, read_photo_header
from include.image_classification.images.resizing import Image
from include.image_classification.images.still import decode_still


def describe_undecodable(encoded: bytes) -> str:
    """Return why `decode` returned None for these bytes, for an error message."""
    if read_photo_header(encoded) is None:
        return describe(encoded)
    return animation(encoded) or "it cannot be decoded"


def decode(encoded: bytes, channels: int) -> Image | None:
    """Decode a JPEG or PNG upright (EXIF is obeyed) to RGB or, with one channel, to grey.

    Grey images become RGB, an alpha channel is dropped, 16 bits become 8. None if the bytes are
    no image, or an animated PNG.
    """
    flag = cv2.IMREAD_COLOR if channels == 3 else cv2.IMREAD_GRAYSCALE
    try:
        image = decode_still(encoded, flag)
    except (ValueError, cv2.error):
        return None
    if image is None:
        return None
    pixels = np.asarray(image, np.uint8)
    return pixels[..., ::-1] if channels == 3 else pixels[..., None]

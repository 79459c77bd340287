"""From a photo's bytes to the bytes of a square JPEG, as training reads it."""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from include.image_classification.squash import Image, squash

Fit = Literal["squash", "crop"]
FITS: tuple[Fit, ...] = ("squash", "crop")


@dataclass(frozen=True)
class Encoding:
    """How images are brought to a square and compressed.

    Attributes:
        side: Of the square, in pixels.
        fit: `squash` changes the aspect and shows all of the photo; `crop` keeps the aspect and
            cuts off the ends of the longer side.
        quality: Of the JPEG, 1 to 100.
    """

    side: int
    fit: Fit
    quality: int


def to_square_jpeg(data: bytes, encoding: Encoding) -> bytes:
    """Decode a photo, fit it to the square and encode it as JPEG.

    The result has three channels: EXIF orientation is applied, grey and CMYK become colour, and
    transparency is dropped, all of which is what MXNet's and the server's decoders do too.

    Raises:
        ValueError: The photo cannot be decoded.
    """
    image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("it cannot be decoded")
    if encoding.fit == "crop":
        image = _centre_square(image)
    square = squash(image, encoding.side, encoding.side)
    quality = [cv2.IMWRITE_JPEG_QUALITY, encoding.quality]
    return cv2.imencode(".jpg", square, quality)[1].tobytes()


def _centre_square(image: Image) -> Image:
    # Cutting first and resizing then gives the picture that resizing first would, for less work.
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]

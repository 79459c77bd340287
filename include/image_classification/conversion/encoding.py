"""Encoding of photos for records: decode, resize, compress."""

import functools
import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np

from include.image_classification.images.decoding import REDUCTIONS, Decoded, decode_photo
from include.image_classification.images.opencv_decoder import Color
from include.image_classification.images.resizing import Image, squash

Fit = Literal["keep", "crop", "squash"]
FITS: tuple[Fit, ...] = ("keep", "crop", "squash")
Format = Literal[".jpg", ".png"]

# Where an image shrinks up to the first factor, bilinear interpolation is close to averaging
# and takes a fifth of the time (42 dB on photos of cars). Up to the second, an image of twice the
# size is interpolated and its pixels averaged by four, for half of the time (51 dB). Above,
# interpolation would skip pixels.
INTERPOLATED_UP_TO = 1.5
SAMPLED_UP_TO = 2.0


@dataclass(frozen=True)
class Encoding:
    """Size and compression of images in records, with the terms of MXNet's im2rec.py.

    Attributes:
        resize: The shorter side or the side of the square in pixels; 0 keeps the size.
        fit: `keep` the aspect ratio, `crop` to the central square, or `squash` the whole photo to a
            square.
        quality: JPEG quality from 1 to 100, or PNG compression up to 9.
        color: 1 for color, 0 for gray, -1 for the channels of the file.
        format: The format in the record.
        pass_through: Store the file unchanged, ignoring the other attributes.
    """

    resize: int
    fit: Fit = "keep"
    quality: int = 95
    color: Color = 1
    format: Format = ".jpg"
    pass_through: bool = False


def encode(data: bytes, encoding: Encoding) -> bytes:
    """Decode a photo, resize it and encode it.

    With color 1, the result has three channels: EXIF orientation is applied, gray and CMYK become
    color, and transparency is dropped, as MXNet's and the server's decoders do.

    Raises:
        ValueError: The photo cannot be decoded, or is cut off.
    """
    if encoding.pass_through:
        return data
    enough = functools.partial(choose_reduction, encoding=encoding)
    repeats = functools.partial(_may_repeat_colors, encoding=encoding)
    image = fit(decode_photo(data, encoding.color, enough, repeats), encoding)
    jpeg = encoding.format == ".jpg"
    option = cv2.IMWRITE_JPEG_QUALITY if jpeg else cv2.IMWRITE_PNG_COMPRESSION
    quality = encoding.quality if jpeg else min(encoding.quality, 9)
    return cv2.imencode(encoding.format, image, [option, quality])[1].tobytes()


class _Window(NamedTuple):
    """The part of a photo to keep, in the photo's pixels, and the size of the result."""

    top: int
    left: int
    height: int
    width: int
    size: tuple[int, int]

    @property
    def steps(self) -> tuple[float, float]:
        """The number of the photo's pixels for one pixel of the result, down and across."""
        return self.height / self.size[0], self.width / self.size[1]

    def starts_between_pixels(self, reduction: int) -> bool:
        """Return whether the window starts between pixels of a photo decoded at 1/`reduction`."""
        return bool(self.top % reduction or self.left % reduction)

    def crop(self, image: Image, reduction: int) -> Image:
        """Return the window of a photo decoded at 1/`reduction`, in which it starts at a pixel.

        If the window ends between pixels, the last one is part of it.
        """
        bottom = math.ceil((self.top + self.height) / reduction)
        right = math.ceil((self.left + self.width) / reduction)
        return image[self.top // reduction : bottom, self.left // reduction : right]


def _window(height: int, width: int, encoding: Encoding) -> _Window:
    kept = (min(height, width),) * 2 if encoding.fit == "crop" else (height, width)
    top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
    return _Window(top, left, *kept, size=_size(*kept, encoding))


def _size(height: int, width: int, encoding: Encoding) -> tuple[int, int]:
    side = encoding.resize
    if not side:
        return height, width
    if encoding.fit == "squash":
        return side, side
    if height > width:
        return height * side // width, side
    return side, width * side // height


def choose_reduction(height: int, width: int, encoding: Encoding) -> int:
    """Return the largest of `REDUCTIONS` that suffices for the encoding, or 1 for full size."""
    if not 0 < encoding.resize <= min(height, width):
        return 1
    steps = _window(height, width, encoding).steps
    least, most = min(steps), max(steps)
    return next((r for r in REDUCTIONS if least >= r and most < SAMPLED_UP_TO * r), 1)


def _may_repeat_colors(height: int, width: int, encoding: Encoding) -> bool:
    """Return whether colors may be decoded without interpolation.

    In a JPEG, four pixels share a color. Where the photo shrinks, the record has fewer colors than
    the photo, and interpolation does not bring the record closer to the photo (on photos of cars,
    it loses 0.1 dB).
    """
    if encoding.format != ".jpg" or not encoding.resize:
        return False
    return min(_window(height, width, encoding).steps) > 1


def fit(photo: Decoded, encoding: Encoding) -> Image:
    """Resize a decoded photo to the encoding's size."""
    window = _window(photo.height, photo.width, encoding)
    if window.starts_between_pixels(photo.reduction):
        return _sample(photo, window)
    cropped = window.crop(photo.image, photo.reduction)
    if photo.reduction > 1:
        return _resize_by_steps(cropped, photo.reduction, window)
    if encoding.fit == "squash" or max(window.steps) >= SAMPLED_UP_TO:
        return squash(cropped, *window.size)
    if max(window.steps) >= INTERPOLATED_UP_TO:
        return _double_and_average(cropped, *window.size)
    return np.asarray(cv2.resize(cropped, window.size[::-1]))


def _resize_by_steps(cropped: Image, reduction: int, window: _Window) -> Image:
    # The window's end may lie between pixels, so the factors are not those of the sizes.
    down, across = window.steps
    height, width = window.size
    resized = cv2.resize(cropped, None, fx=reduction / across, fy=reduction / down)
    return np.asarray(resized, np.uint8)[:height, :width]


def _double_and_average(cropped: Image, height: int, width: int) -> Image:
    doubled = cv2.resize(cropped, (2 * width, 2 * height))
    return np.asarray(cv2.resize(doubled, (width, height), interpolation=cv2.INTER_AREA))


def _sample(photo: Decoded, window: _Window) -> Image:
    # In an image decoded at a fraction of its size, the window may start between pixels. An error
    # of half a pixel costs 5 dB, so the positions are computed exactly.
    down, across = (step / photo.reduction for step in window.steps)
    top = window.top / photo.reduction + down / 2 - 0.5
    left = window.left / photo.reduction + across / 2 - 0.5
    return _interpolate(photo.image, (down, across), (top, left), window.size)


def _interpolate(
    image: Image, steps: tuple[float, float], start: tuple[float, float], size: tuple[int, int]
) -> Image:
    """Sample a pixel at the start, and at every step down and across from there."""
    (down, across), (top, left) = steps, start
    return np.asarray(
        cv2.warpAffine(
            image,
            np.array([[across, 0, left], [0, down, top]]),
            size[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )

"""From a photo's bytes to the bytes that its record holds."""

import functools
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from include.image_classification.images.decoding import REDUCTIONS, Decoded, decode_photo
from include.image_classification.images.opencv_decoder import Colour
from include.image_classification.images.resizing import Image, squash

Fit = Literal["keep", "crop", "squash"]
FITS: tuple[Fit, ...] = ("keep", "crop", "squash")
Format = Literal[".jpg", ".png"]

# Up to so many pixels into one, bilinear interpolation differs little from averaging them and takes
# a quarter of the time; then it needs pairs of pixels to be averaged first, which still takes half
# of it (42 and 46 dB on photos of cars). From 2 on it would skip pixels.
INTERPOLATED_UP_TO = 1.5
SAMPLED_UP_TO = 2.0


@dataclass(frozen=True)
class Encoding:
    """How images are brought to a size and compressed, in the words of MXNet's im2rec.py.

    Attributes:
        resize: The shorter side or, of a square, each side in pixels; 0 leaves the size.
        fit: `keep` the aspect; `crop` to the centre's square; `squash` to a square that shows all.
        quality: Of a JPEG 1 to 100; of a PNG its compression, at most 9.
        colour: 1 for colour, 0 for grey, -1 for the file's own channels.
        format: What the record holds.
        pass_through: The record holds the file's own bytes, and nothing else here counts.
    """

    resize: int
    fit: Fit = "keep"
    quality: int = 95
    colour: Colour = 1
    format: Format = ".jpg"
    pass_through: bool = False


def encode(data: bytes, encoding: Encoding) -> bytes:
    """Decode a photo, fit it and encode it.

    With colour, the result has three channels: EXIF orientation is applied, grey and CMYK become
    colour, and transparency is dropped, all of which MXNet's and the server's decoders do too.

    Raises:
        ValueError: The photo cannot be decoded, or is cut off.
    """
    if encoding.pass_through:
        return data
    enough = functools.partial(reduction, encoding=encoding)
    image = fit(decode_photo(data, encoding.colour, enough), encoding)
    jpeg = encoding.format == ".jpg"
    option = cv2.IMWRITE_JPEG_QUALITY if jpeg else cv2.IMWRITE_PNG_COMPRESSION
    quality = encoding.quality if jpeg else min(encoding.quality, 9)
    return bytes(cv2.imencode(encoding.format, image, [option, quality])[1])


@dataclass(frozen=True)
class _Window:
    """The part of a photo that is kept, in its own pixels, and the size that it is brought to."""

    top: int
    left: int
    height: int
    width: int
    size: tuple[int, int]

    @property
    def steps(self) -> tuple[float, float]:
        """How many of the photo's pixels, down and across, go into one of the result."""
        return self.height / self.size[0], self.width / self.size[1]

    def lies_between_pixels(self, reduction: int) -> bool:
        """Whether an edge does, in the photo decoded at one part in `reduction` of its size."""
        return any(each % reduction for each in (self.top, self.left, self.height, self.width))

    def of(self, image: Image, reduction: int) -> Image:
        """The pixels within, of the photo decoded at that part, where no edge lies between."""
        top, left = self.top // reduction, self.left // reduction
        bottom, right = top + self.height // reduction, left + self.width // reduction
        return image[top:bottom, left:right]


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


def reduction(height: int, width: int, encoding: Encoding) -> int:
    """The largest of `REDUCTIONS` at which a photo of this size shows all that the encoding keeps.

    1 where only the whole photo does.
    """
    if not 0 < encoding.resize <= min(height, width):
        return 1
    steps = _window(height, width, encoding).steps
    least, most = min(steps), max(steps)
    return next((r for r in REDUCTIONS if least >= r and most < SAMPLED_UP_TO * r), 1)


def fit(photo: Decoded, encoding: Encoding) -> Image:
    """Bring a decoded photo to the encoding's size."""
    window = _window(photo.height, photo.width, encoding)
    if window.lies_between_pixels(photo.reduction):
        return _sampled(photo, window)
    cut = window.of(photo.image, photo.reduction)
    if photo.reduction == 1 and (encoding.fit == "squash" or max(window.steps) >= SAMPLED_UP_TO):
        return squash(cut, *window.size)
    if photo.reduction == 1 and max(window.steps) >= INTERPOLATED_UP_TO:
        return _averaged_and_sampled(cut, window)
    return np.asarray(cv2.resize(cut, window.size[::-1]))


def _averaged_and_sampled(cut: Image, window: _Window) -> Image:
    # Each pixel is averaged with those to its right and below, so that it stands half a pixel on.
    down, across = window.steps
    rows: Any = cv2.addWeighted(cut[:-1], 0.5, cut[1:], 0.5, 0)
    pairs: Any = cv2.addWeighted(rows[:, :-1], 0.5, rows[:, 1:], 0.5, 0)
    return _interpolated(pairs, (down, across), (down / 2 - 1, across / 2 - 1), window.size)


def _sampled(photo: Decoded, window: _Window) -> Image:
    # The window's edges, and the photo's own, lie between the pixels of an image that was decoded
    # at a fraction of its size. Half a pixel off costs 5 dB: pixels are taken where they belong.
    down, across = (step / photo.reduction for step in window.steps)
    top = window.top / photo.reduction + down / 2 - 0.5
    left = window.left / photo.reduction + across / 2 - 0.5
    return _interpolated(photo.image, (down, across), (top, left), window.size)


def _interpolated(
    image: Image, steps: tuple[float, float], start: tuple[float, float], size: tuple[int, int]
) -> Image:
    """Take a pixel at the start, and at each step down and across from there."""
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

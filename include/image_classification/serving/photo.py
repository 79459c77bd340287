"""Decode the photo of a request to the pixels of a network's input.

The functions that decode and squash are those of im2rec, so that the network gets the same pixels
as in training. Like im2rec, they reject a damaged JPEG for which libjpeg only issues a warning, and
which other decoders return partly gray.
"""

from functools import partial

from include.contracts.limits import size_problem
from include.image_classification.conversion.encoding import Encoding, choose_reduction, fit
from include.image_classification.images.decoding import decode_photo
from include.image_classification.images.header import describe, png_chunks, read_photo_header
from include.image_classification.images.network_input import decoder_color, to_network_channels
from include.image_classification.images.opencv_decoder import AnimatedPhotoError
from include.image_classification.images.resizing import Image, squash


class PhotoError(Exception):
    """The body is not an image that can be classified. The message is for the client."""


def read_photo(body: bytes, shape: tuple[int, int, int]) -> Image:
    """Decode a JPEG or PNG, apply its orientation, and squash it to channels, height and width.

    A grayscale image becomes RGB, or a color image grayscale if there is one channel. An alpha
    channel is dropped.

    Raises:
        PhotoError: The body is empty, another format, animated, cut off, too large or damaged.
    """
    _check(body)
    channels, height, width = shape
    square = Encoding(height, "squash")
    color = decoder_color(channels)
    try:
        if height == width:
            image = fit(
                decode_photo(body, color, partial(choose_reduction, encoding=square)), square
            )
        else:
            image = squash(decode_photo(body, color).image, height, width)
    except AnimatedPhotoError as error:
        raise PhotoError(f"the image cannot be classified: {error}") from None
    except ValueError as error:
        raise PhotoError(f"the image is damaged: {error}") from None
    return to_network_channels(image)


def _check(body: bytes) -> None:
    if not body:
        raise PhotoError("the body is empty: send one JPEG or PNG")
    header = read_photo_header(body)
    if header is None:
        raise PhotoError(f"the body is not an image: {describe(body)}")
    if not header.whole or not (header.suffix == "jpg" or _has_whole_chunks(body)):
        raise PhotoError("the image is cut off: the body ends before the end of the image")
    if wrong := size_problem(header.suffix, header.width, header.height):
        raise PhotoError(f"the image has {wrong}")


def _has_whole_chunks(png: bytes) -> bool:
    # A chunk can announce 2 GB, which the decoder allocates before it reads the data.
    return any(kind == b"IEND" for _, kind in png_chunks(png))

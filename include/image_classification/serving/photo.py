"""From a photo's bytes to the pixels that a network takes, or to the reason why not.

The photo is decoded and squashed by the very functions by which im2rec makes squashed records, so
that a network is asked what it was trained on; and, like im2rec, this refuses what libjpeg only
warns of, where other decoders answer with a picture that is partly grey.
"""

from functools import partial

from include.contracts.limits import size_problem
from include.image_classification.conversion.encoding import Encoding, choose_reduction, fit
from include.image_classification.images.decoding import decode_photo
from include.image_classification.images.header import describe, png_chunks, read_photo_header
from include.image_classification.images.network_input import decoder_colour, to_network_channels
from include.image_classification.images.opencv_decoder import AnimatedPhotoError
from include.image_classification.images.resizing import Image, squash


class PhotoError(Exception):
    """The body is no image that can be classified; the message is for whoever sent it."""


def read_photo(body: bytes, shape: tuple[int, int, int]) -> Image:
    """Decode a JPEG or PNG, upright, and squash it to channels, height and width.

    Grey becomes RGB or, with one channel, colour becomes grey; an alpha channel is dropped.

    Raises:
        PhotoError: the body is empty, another format, animated, cut off, too large or damaged.
    """
    _check(body)
    channels, height, width = shape
    square = Encoding(height, "squash")
    colour = decoder_colour(channels)
    try:
        if height == width:
            image = fit(
                decode_photo(body, colour, partial(choose_reduction, encoding=square)), square
            )
        else:
            image = squash(decode_photo(body, colour).image, height, width)
    except AnimatedPhotoError as error:
        raise PhotoError(f"the image cannot be classified: {error}") from None
    except ValueError as error:
        raise PhotoError(f"the image is damaged: {error}") from None
    return to_network_channels(image)


def _check(body: bytes) -> None:
    if not body:
        raise PhotoError("the body is empty: send the bytes of one JPEG or PNG")
    header = read_photo_header(body)
    if header is None:
        raise PhotoError(f"the body is no image: {describe(body)}")
    if not header.whole or not (header.suffix == "jpg" or _has_whole_chunks(body)):
        raise PhotoError("the image is cut off: the body ends before its picture does")
    if wrong := size_problem(header.suffix, header.width, header.height):
        raise PhotoError(f"the image has {wrong}")


def _has_whole_chunks(png: bytes) -> bool:
    # A chunk can announce 2 GB, which the decoder allocates before it reads the data.
    return any(kind == b"IEND" for _, kind in png_chunks(png))

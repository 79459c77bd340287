"""Pixels in the form that networks take, the same in training and serving."""

import cv2
import numpy as np

from include.image_classification.images.animation import detect_animation
from include.image_classification.images.header import describe, read_photo_header
from include.image_classification.images.opencv_decoder import Color, decode_pixels
from include.image_classification.images.resizing import Image


def decode_for_network(encoded: bytes, channels: int) -> Image | None:
    """Decode a JPEG or PNG upright (EXIF orientation is applied) to RGB or, with 1 channel, gray.

    Gray images become RGB, an alpha channel is dropped, 16 bits become 8. None if the bytes are
    not an image or are an animated PNG.
    """
    try:
        image = decode_pixels(encoded, decoder_color(channels))
    except (ValueError, cv2.error):
        return None
    return None if image is None else to_network_channels(image)


def describe_undecodable(encoded: bytes) -> str:
    """Return why `decode_for_network` returned None for these bytes, for an error message."""
    if read_photo_header(encoded) is None:
        return describe(encoded)
    return detect_animation(encoded) or "it cannot be decoded"


def decoder_color(channels: int) -> Color:
    """Return how to decode an image for a network of 3 channels or 1 channel."""
    return 1 if channels == 3 else 0


def to_network_channels(image: Image) -> Image:
    """Turn OpenCV's pixels (BGR, or gray with or without an axis of 1 channel) into a network's."""
    pixels = np.atleast_3d(image)
    return pixels[..., ::-1] if pixels.shape[2] == 3 else pixels

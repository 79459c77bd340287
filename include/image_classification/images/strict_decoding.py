"""Decoding a photo to see whether all of it is there: the pixels are small, grey and secondary.

JPEGs are decoded by simplejpeg, which works in threads and says what libjpeg only warns of. OpenCV
prints it on the process's stderr, where other threads print, too: it is asked only for pixels.
"""

import io
import re
import subprocess
import sys
from typing import Any

import cv2
import numpy as np
import PIL.Image
import simplejpeg

from include.contracts.dataset import Reason
from include.image_classification.images.header import PhotoHeader
from include.image_classification.images.resizing import Image
from include.image_classification.images.still import decode_still

# Decoders read every bit of a JPEG whatever the scale; small and grey is fastest.
SMALL = 16
CV_SMALL_AND_GREY = cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION
# OpenCV decodes a PNG whole in any case, and cannot reduce one that is narrower than 4 pixels.
CV_GREY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION

# What libjpeg says of a picture that it decodes all the same, in its own words.
WARNING = re.compile(
    "Corrupt JPEG data|Premature end of JPEG|Inconsistent progression|Invalid SOS parameters"
    "|Unknown Adobe color transform|Warning: unknown JFIF"
)
STRAY_BYTES = re.compile(r"(\d+) extraneous bytes before marker")
HARMLESS_STRAY_SHARE = 0.01

# OpenCV alone in a process: all that it prints is of this photo.
OPENCV_ALONE = """
import sys, cv2, numpy
cv2.imdecode(numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8), int(sys.argv[1]))
"""

# Our own limit is checked before anything is decoded; Pillow's would print warnings.
PIL.Image.MAX_IMAGE_PIXELS = None


class RefusedPhotoError(Exception):
    """A photo must not enter the data set.

    Attributes:
        reason: The slug it is quarantined under.
        detail: What a person should know, the decoder's own words for instance.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decode_small(data: bytes, header: PhotoHeader) -> Image:
    """Decode all of a photo and return it in grey, as stored, perhaps smaller.

    The caller has checked that its header claims no more pixels than it can bear.

    Raises:
        RefusedPhotoError: Some of it is missing or cannot be decoded.
    """
    if header.suffix == "png":
        return _decode_png(data)
    try:
        if header.usual:
            grey = simplejpeg.decode_jpeg(data, "GRAY", min_height=SMALL, min_width=SMALL)
            return np.asarray(grey, np.uint8)
        simplejpeg.decode_jpeg(data, "CMYK", min_height=SMALL, min_width=SMALL)
    except ValueError as error:
        return _decode_unless_damaged(data, str(error))
    return _decode_by_opencv(data)


def _decode_png(data: bytes) -> Image:
    try:
        with PIL.Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            picture.load()
            grey = _grey(picture)
    except (OSError, SyntaxError, ValueError, IndexError, EOFError) as error:
        reason: Reason = "truncated" if "truncated" in str(error) else "undecodable"
        raise RefusedPhotoError(reason, str(error)) from error
    # Pillow leaves rows black whose pixels are missing. OpenCV, which decodes the photo in
    # conversion and serving, refuses them.
    _decode_by_opencv(data, flags=CV_GREY)
    return grey


def _grey(picture: PIL.Image.Image) -> Image:
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip to 255
        return np.asarray(np.asarray(picture) >> 8, np.uint8)
    picture.info.pop("transparency", None)  # Pillow would warn that it is dropped
    return np.asarray(picture.convert("L"), np.uint8)


def _decode_unless_damaged(data: bytes, message: str) -> Image:
    """Decode what simplejpeg refuses, with this message, where nothing of it is lost."""
    if WARNING.match(message):
        _refuse_damage([message], len(data))
        return _decode_by_opencv(data)
    # An error, or what TurboJPEG does not take and OpenCV may, such as unusual subsampling.
    decoded = _decode_by_opencv(data, message)
    _refuse_damage(_messages_of_opencv(data), len(data))
    return decoded


def _decode_by_opencv(
    data: bytes, refusal: str = "the decoder refuses it", flags: int = CV_SMALL_AND_GREY
) -> Image:
    decoded: Any = decode_still(data, flags)
    if decoded is None:
        raise RefusedPhotoError("undecodable", refusal)
    return np.asarray(decoded, np.uint8)


def _messages_of_opencv(data: bytes) -> list[str]:
    """What libjpeg prints while OpenCV decodes: the only sign that a picture is partly grey."""
    command = [sys.executable, "-I", "-c", OPENCV_ALONE, str(CV_SMALL_AND_GREY)]
    printed = subprocess.run(command, input=data, capture_output=True, check=True).stderr
    text = printed.decode(errors="replace")
    return [line.strip() for line in text.splitlines() if WARNING.match(line)]


def _refuse_damage(messages: list[str], size: int) -> None:
    message = "; ".join(m for m in messages if not _is_harmless(m, size))
    if message:
        early = "premature end" in message.lower()
        raise RefusedPhotoError("truncated" if early else "undecodable", message)


def _is_harmless(message: str, size: int) -> bool:
    # Cameras leave a few stray bytes. Where much is left over, the decoder had lost its way.
    stray = STRAY_BYTES.search(message)
    return stray is not None and int(stray[1]) <= size * HARMLESS_STRAY_SHARE

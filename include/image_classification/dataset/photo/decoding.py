"""Decoding a photo to see whether all of it is there: the pixels are small, grey and secondary.

JPEGs are decoded by simplejpeg, which works in threads and refuses what libjpeg only warns of. Only
what it refuses is asked of OpenCV, whose messages say what is wrong, or that nothing is lost.
"""

import io
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import cv2
import numpy as np
import PIL.Image
import simplejpeg

from include.image_classification.dataset.photo.header import PhotoHeader
from include.image_classification.dataset.version.manifest import Reason
from include.image_classification.squash import Image

# Decoders read every bit of a JPEG whatever the scale; small and grey is fastest.
SMALL = 16
CV_SMALL_AND_GREY = cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION

STRAY_BYTES = re.compile(r"(\d+) extraneous bytes before marker")
HARMLESS_STRAY_SHARE = 0.01

# Our own limit is checked before anything is decoded; Pillow's would print warnings.
PIL.Image.MAX_IMAGE_PIXELS = None

_stderr_lock = threading.Lock()


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
    if header.usual:
        try:
            grey = simplejpeg.decode_jpeg(data, "GRAY", min_height=SMALL, min_width=SMALL)
            return np.asarray(grey, np.uint8)
        except ValueError:
            pass
    return _decode_jpeg_aloud(data)


def _decode_png(data: bytes) -> Image:
    try:
        with PIL.Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            picture.load()
            return _grey(picture)
    except (OSError, SyntaxError, ValueError, IndexError, EOFError) as error:
        reason: Reason = "truncated" if "truncated" in str(error) else "undecodable"
        raise RefusedPhotoError(reason, str(error)) from error


def _grey(picture: PIL.Image.Image) -> Image:
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip to 255
        return np.asarray(np.asarray(picture) >> 8, np.uint8)
    picture.info.pop("transparency", None)  # Pillow would warn that it is dropped
    return np.asarray(picture.convert("L"), np.uint8)


def _decode_jpeg_aloud(data: bytes) -> Image:
    with _decoder_messages() as messages:
        decoded: Any = cv2.imdecode(np.frombuffer(data, np.uint8), CV_SMALL_AND_GREY)
    message = _damage(messages, len(data))
    if "premature end" in message.lower():
        raise RefusedPhotoError("truncated", message)
    if decoded is None or message:
        raise RefusedPhotoError("undecodable", message or "the decoder refuses it")
    return np.asarray(decoded, np.uint8)


def _damage(messages: list[str], size: int) -> str:
    return "; ".join(m for m in messages if not _is_harmless(m, size))


def _is_harmless(message: str, size: int) -> bool:
    # Cameras leave a few stray bytes. Where much is left over, the decoder had lost its way.
    stray = STRAY_BYTES.search(message)
    return stray is not None and int(stray[1]) <= size * HARMLESS_STRAY_SHARE


@contextmanager
def _decoder_messages() -> Iterator[list[str]]:
    """Collect what libjpeg prints, on the process's stderr, while it decodes, one photo at a time.

    It is the only sign that a picture is partly grey: OpenCV returns it like any other.
    """
    messages: list[str] = []
    with _stderr_lock, tempfile.TemporaryFile() as file, _stderr_into(file):
        yield messages
        file.seek(0)
        text = file.read().decode(errors="replace")
        messages += [line.strip() for line in text.splitlines() if line.strip()]


@contextmanager
def _stderr_into(file: IO[bytes]) -> Iterator[None]:
    stderr = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)

"""Complete decoding of photos, to detect damage; the pixels are a small gray by-product.

JPEGs are decoded by simplejpeg, which works in threads and reports libjpeg's warnings as errors.
OpenCV prints those warnings to the stderr of the process, which all threads share.
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
from include.contracts.photo_formats import HARMLESS_STRAY_SHARE, STRAY_BYTES
from include.image_classification.images.header import PhotoHeader
from include.image_classification.images.opencv_decoder import decode_still
from include.image_classification.images.resizing import Image

# A decoder reads every bit of a JPEG at any scale; a small gray image is the fastest.
SMALL = 16
CV_SMALL_AND_GRAY = cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION
# OpenCV always decodes a PNG completely, and cannot reduce one that is narrower than 4 pixels.
CV_GRAY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION

# Libjpeg's warnings about pictures that it decodes nevertheless, verbatim.
WARNING = re.compile(
    "Corrupt JPEG data|Premature end of JPEG|Inconsistent progression|Invalid SOS parameters"
    "|Unknown Adobe color transform|Warning: unknown JFIF"
)

# OpenCV in a process of its own: everything on stderr is about this photo.
OPENCV_ALONE = """
import sys, cv2, numpy
cv2.imdecode(numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8), int(sys.argv[1]))
"""

# Pixels are limited before decoding (contracts.limits); Pillow's own limit would print warnings.
PIL.Image.MAX_IMAGE_PIXELS = None


class RefusedPhotoError(Exception):
    """A photo must not enter the dataset.

    Attributes:
        reason: The quarantine reason, a slug.
        detail: The details for users, for instance the decoder's own message.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decode_small(data: bytes, header: PhotoHeader) -> Image:
    """Decode a photo completely and return it in gray, as stored, possibly at a smaller scale.

    The caller has checked the number of pixels that the header announces.

    Raises:
        RefusedPhotoError: A part of the photo is missing or cannot be decoded.
    """
    if header.suffix == "png":
        return _decode_png(data)
    try:
        return _decode_jpeg(data, header)
    except RefusedPhotoError as error:
        if not header.coding:
            raise
        detail = f"a JPEG with {header.coding}, which the decoder does not read ({error.detail})"
        raise RefusedPhotoError("undecodable", f"{detail}; save it as a baseline JPEG") from error


def _decode_jpeg(data: bytes, header: PhotoHeader) -> Image:
    try:
        if header.usual:
            gray = simplejpeg.decode_jpeg(data, "GRAY", min_height=SMALL, min_width=SMALL)
            return np.asarray(gray, np.uint8)
        simplejpeg.decode_jpeg(data, "CMYK", min_height=SMALL, min_width=SMALL)
    except ValueError as error:
        return _decode_unless_damaged(data, str(error))
    return _decode_by_opencv(data)


def _decode_png(data: bytes) -> Image:
    try:
        with PIL.Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            picture.load()
            gray = _gray(picture)
    except (OSError, SyntaxError, ValueError, IndexError, EOFError) as error:
        reason: Reason = "truncated" if "truncated" in str(error) else "undecodable"
        raise RefusedPhotoError(reason, str(error)) from error
    # Pillow leaves rows with missing pixels black. OpenCV, which decodes the photo in conversion
    # and serving, rejects such a file.
    _decode_by_opencv(data, flags=CV_GRAY)
    return gray


def _gray(picture: PIL.Image.Image) -> Image:
    if picture.mode.startswith("I"):  # 16 bits of gray, which Pillow would clip to 255
        return np.asarray(np.asarray(picture) >> 8, np.uint8)
    picture.info.pop("transparency", None)  # Pillow would warn that it is dropped
    return np.asarray(picture.convert("L"), np.uint8)


def _decode_unless_damaged(data: bytes, message: str) -> Image:
    """Decode a photo that simplejpeg rejected with `message`, unless a part of it is lost."""
    if WARNING.match(message):
        _refuse_damage([message], len(data))
        return _decode_by_opencv(data)
    # Either an error, or a file that only TurboJPEG rejects, such as unusual subsampling.
    decoded = _decode_by_opencv(data, message)
    _refuse_damage(_read_opencv_warnings(data), len(data))
    return decoded


def _decode_by_opencv(
    data: bytes, refusal: str = "the decoder rejects it", flags: int = CV_SMALL_AND_GRAY
) -> Image:
    decoded: Any = decode_still(data, flags)
    if decoded is None:
        raise RefusedPhotoError("undecodable", refusal)
    return np.asarray(decoded, np.uint8)


def _read_opencv_warnings(data: bytes) -> list[str]:
    """Return libjpeg's warnings under OpenCV, the only sign that a part of the picture is gray."""
    command = [sys.executable, "-I", "-c", OPENCV_ALONE, str(CV_SMALL_AND_GRAY)]
    printed = subprocess.run(command, input=data, capture_output=True, check=True).stderr
    text = printed.decode(errors="replace")
    return [line.strip() for line in text.splitlines() if WARNING.match(line)]


def _refuse_damage(messages: list[str], size: int) -> None:
    message = "; ".join(m for m in messages if not _is_harmless(m, size))
    if message:
        early = "premature end" in message.lower()
        raise RefusedPhotoError("truncated" if early else "undecodable", message)


def _is_harmless(message: str, size: int) -> bool:
    # Cameras leave a few stray bytes. A large number of them means that the decoder skipped data.
    stray = STRAY_BYTES.search(message)
    return stray is not None and int(stray[1]) <= size * HARMLESS_STRAY_SHARE

"""Whether a photo may enter a data set: it is decoded, not believed."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

import cv2
import numpy as np

from include.image_classification.dataset.manifest import (
    Box,
    Quarantined,
    Reason,
    Split,
    image_key,
)
from include.image_classification.dataset.photo_header import (
    PhotoHeader,
    describe,
    read_photo_header,
)

# Decoders read every bit of a JPEG whatever the scale; an eighth in grey is fastest.
DECODE_FLAGS = cv2.IMREAD_REDUCED_GRAYSCALE_8

STRAY_BYTES = re.compile(r"(\d+) extraneous bytes before marker")
HARMLESS_STRAY_SHARE = 0.01


@dataclass(frozen=True)
class Photo:
    """A photo as the source lists it, with its label and its bytes.

    Attributes:
        path: Its name in the source.
        label: The class, an index into the source's classes.
        data: Its bytes.
        box: The part that shows the labelled thing, if the source says so.
        split: The part of the data that the source itself assigns it to, if it does.
    """

    path: str
    label: int
    data: bytes = field(repr=False)
    box: Box | None = None
    split: Split | None = None


@dataclass(frozen=True)
class CheckedPhoto:
    """A photo that decodes: what the manifest will say of it, but for its split."""

    path: str
    label: int
    sha256: str
    size: int
    width: int
    height: int
    key: str


@dataclass(frozen=True)
class PhotoLimits:
    """How small a photo's shorter side may be, and how many pixels it may hold."""

    min_side: int
    max_pixels: int


def check_photo(photo: Photo, limits: PhotoLimits) -> CheckedPhoto | Quarantined:
    """Hash a photo and decode all of it; return what it is, or why it is refused."""
    sha256 = hashlib.sha256(photo.data).hexdigest()
    header = read_photo_header(photo.data)
    if header is None:
        return Quarantined(photo.path, sha256, "not-an-image", describe(photo.data))
    refusal = _size_refusal(header, limits) or _decoding_refusal(photo.data)
    if refusal:
        return Quarantined(photo.path, sha256, *refusal)
    return CheckedPhoto(
        path=photo.path,
        label=photo.label,
        sha256=sha256,
        size=len(photo.data),
        width=header.width,
        height=header.height,
        key=image_key(sha256, header.suffix),
    )


def _size_refusal(header: PhotoHeader, limits: PhotoLimits) -> tuple[Reason, str] | None:
    width, height = header.width, header.height
    if not header.whole:
        return "truncated", "the file ends before its picture does"
    if not width or not height:
        return "undecodable", f"its header says {width} x {height} pixels"
    if width * height > limits.max_pixels:
        return "too-large", f"{width} x {height} pixels are over the limit of {limits.max_pixels}"
    if min(width, height) < limits.min_side:
        return "too-small", f"{width} x {height} pixels; each side needs {limits.min_side}"
    return None


def _decoding_refusal(data: bytes) -> tuple[Reason, str] | None:
    with _decoder_messages() as messages:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), DECODE_FLAGS)
    message = _damage(messages, len(data))
    if "premature end" in message.lower():
        return "truncated", message
    if decoded is None or message:
        return "undecodable", message or "the decoder refuses it"
    return None


def _damage(messages: list[str], size: int) -> str:
    return "; ".join(m for m in messages if not _is_harmless(m, size))


def _is_harmless(message: str, size: int) -> bool:
    # Cameras leave a few stray bytes. Where much is left over, the decoder had lost its way.
    stray = STRAY_BYTES.search(message)
    return stray is not None and int(stray[1]) <= size * HARMLESS_STRAY_SHARE


@contextmanager
def _decoder_messages() -> Iterator[list[str]]:
    """Collect what libjpeg and libpng print, on the process's stderr, while they decode.

    It is the only sign that a picture is partly grey: OpenCV returns it like any other.
    """
    messages: list[str] = []
    with tempfile.TemporaryFile() as file, _stderr_into(file):
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

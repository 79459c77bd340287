"""EXIF orientation of photos."""

import io
import re
import struct

import numpy as np
import PIL.Image

from include.contracts.limits import MAX_SEGMENTS
from include.contracts.photo_formats import JPEG_START
from include.image_classification.images.resizing import Image

ORIENTATION = 0x0112
EXIF = b"Exif\0\0"
MARKER, START_OF_SCAN, APPLICATION_1 = 0xFF, 0xDA, 0xE1
PADDED_MARKER = re.compile(rb"\xff+[^\xff]", re.DOTALL)

# For EXIF orientations 2 to 8: whether to transpose first, then which axes to flip.
TURNS: dict[int, tuple[bool, tuple[int, ...]]] = {
    2: (False, (1,)),
    3: (False, (0, 1)),
    4: (False, (0,)),
    5: (True, ()),
    6: (True, (1,)),
    7: (True, (0, 1)),
    8: (True, (0,)),
}

TRANSPOSED = frozenset(number for number, (transpose, _) in TURNS.items() if transpose)


def read_orientation(data: bytes) -> int:
    """Return the EXIF orientation of a JPEG, PNG or WebP, 1 to 8; 1 (upright) if there is none."""
    if data.startswith(JPEG_START) and not _has_exif(data):
        return 1
    try:
        with PIL.Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as picture:
            exif = PIL.Image.Exif()
            exif.load(picture.info.get("exif", b""))
            return int(exif.get(ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, OverflowError, struct.error):
        return 1


def _has_exif(jpeg: bytes) -> bool:
    """Return whether a JPEG has an EXIF segment; with Pillow, this takes fifty times as long."""
    code = 3  # the position of a marker's second byte
    for _ in range(MAX_SEGMENTS):
        if len(jpeg) < code + 3 or jpeg[code - 1] != MARKER:
            return False
        if jpeg[code] == MARKER:  # any number of such bytes may precede a marker
            padded = PADDED_MARKER.match(jpeg, code)
            if padded is None:
                return False
            code = padded.end() - 1
        if jpeg[code] == START_OF_SCAN:
            return False
        if jpeg[code] == APPLICATION_1 and jpeg.startswith(EXIF, code + 3):
            return True
        code += 2 + int.from_bytes(jpeg[code + 1 : code + 3], "big")
    return False


def turn_upright(pixels: Image, orientation: int) -> Image:
    """Return an image of height x width x channels, turned upright from its EXIF orientation."""
    transpose, axes = TURNS.get(orientation, (False, ()))
    turned = pixels.transpose(1, 0, 2) if transpose else pixels
    return np.ascontiguousarray(np.flip(turned, axes))

"""What a photo's first bytes say: its format and its size, before anything is decoded.

A few hundred bytes can claim a picture of a hundred gigabytes, so the size is read first.
"""

import re
import struct
from dataclasses import dataclass
from typing import Literal

from include.contracts.limits import MOST_SEGMENTS

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"

# The JPEG markers that open a frame and hold its size: SOF0 to SOF15 without DHT, JPG and DAC.
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Baseline, extended and progressive, with Huffman codes: what cameras and phones write.
USUAL_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
END = 0xD9
# In a scan, FF 00 is a data byte and FF D0 to FF D7 restart it; FF FF is padding anywhere. Between
# segments, a decoder skips what is no marker, too.
MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

OTHER_FORMATS = {
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"RIFF": "WebP",
    b"\x00\x00\x00": "HEIF or AVIF",
}


@dataclass(frozen=True)
class PhotoHeader:
    """A photo's format, by its bytes and not by its name, and its size in pixels as stored.

    `whole` is false where the file ends before its picture does, or has so many segments that its
    end was not looked for (see `limits.MOST_SEGMENTS`); `usual` says of a JPEG that it is
    coded as nearly all are, with 8 bits of grey or three colours.
    """

    suffix: Literal["jpg", "png"]
    width: int
    height: int
    whole: bool
    usual: bool = True


def read_photo_header(data: bytes) -> PhotoHeader | None:
    """Read the header of a JPEG or PNG, or return None for anything else.

    A JPEG or PNG that ends before it says its size has size 0 and is not whole.
    """
    if data.startswith(JPEG_START):
        return _jpeg_header(data)
    if data.startswith(PNG_START):
        return _png_header(data)
    return None


def describe(data: bytes) -> str:
    """Name what a file that is neither JPEG nor PNG seems to be."""
    if not data:
        return "an empty file"
    for start, name in OTHER_FORMATS.items():
        if data.startswith(start):
            return f"{name}, and only JPEG and PNG are read"
    return f"it starts with {data[:8]!r}, which neither a JPEG nor a PNG does"


def _jpeg_header(data: bytes) -> PhotoHeader:
    # Segment by segment: an EXIF thumbnail is a JPEG within the JPEG, with an end of its own.
    width = height = 0
    usual = False
    at = 2
    for _ in range(MOST_SEGMENTS):
        # Searched for, not looked for byte by byte: megabytes that are no marker may come first.
        found = MARKER.search(data, at)
        if found is None:
            break
        at, marker = found.start(), data[found.start() + 1]
        if marker == END:
            return PhotoHeader("jpg", width, height, True, usual)
        if at + 4 > len(data):
            break
        if marker in FRAME_MARKERS and at + 10 <= len(data):
            bits, height, width, colours = struct.unpack_from(">BHHB", data, at + 4)
            usual = marker in USUAL_FRAMES and bits == 8 and colours in (1, 3)
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return PhotoHeader("jpg", width, height, False, usual)


def _png_header(data: bytes) -> PhotoHeader:
    width = height = 0
    if len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
    return PhotoHeader("png", width, height, b"IEND" in data[-4096:])

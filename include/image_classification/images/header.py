"""Format and size of a photo, read from its header before anything is decoded.

A file of a few hundred bytes can announce a picture of a hundred gigabytes, so the size is read
first. This module is hand-written because Pillow does not report whether a file is complete or how
a JPEG is coded.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from include.contracts.limits import MAX_CHUNKS, MAX_SEGMENTS
from include.contracts.photo_formats import JPEG_END_CODE, JPEG_MARKER, JPEG_START, PNG_START

# JPEG markers that start a frame and hold its size: SOF0 to SOF15 without DHT, JPG and DAC.
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Baseline, extended and progressive with Huffman codes, as cameras and phones write them.
USUAL_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
LOSSLESS_FRAMES = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
ARITHMETIC_FRAMES = frozenset(range(0xC9, 0xD0)) - {0xCC}

OTHER_FORMATS = {
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"II\xbc\x01": "JPEG XR",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"8BPS": "Photoshop",
    b"P5": "PGM",
    b"P6": "PPM",
    b"version https://git-lfs": "a Git LFS pointer",
    b"<svg": "SVG",
}
# The brand in the first box of a file in the ISO base media format.
BRANDS = {
    b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"heim": "HEIC",
    b"hevc": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF", b"crx ": "CR3",
}  # fmt: skip


@dataclass(frozen=True)
class PhotoHeader:
    """A photo's format, detected from its bytes, and its size in pixels as stored.

    `whole` is false if the file ends before its picture does, or has more segments than
    `limits.MAX_SEGMENTS`. `usual` is true for a JPEG in a common coding, with 8 bits of gray or
    three colors. `coding` names a rare coding of a JPEG that decoders may not read, or is "".
    """

    suffix: Literal["jpg", "png"]
    width: int
    height: int
    whole: bool
    usual: bool = True
    coding: str = ""


def read_photo_header(data: bytes) -> PhotoHeader | None:
    """Return the header of a JPEG or PNG, or None for another format.

    A file that ends before its size has width and height 0 and is not whole.
    """
    if data.startswith(JPEG_START):
        return _jpeg_header(data)
    if data.startswith(PNG_START):
        return _png_header(data)
    return None


def png_chunks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the chunks of a PNG as (offset, type), at most `limits.MAX_CHUNKS`."""
    offset = len(PNG_START)
    for _ in range(MAX_CHUNKS):
        if offset + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, offset)
        yield offset, kind
        offset += 12 + length


def describe(data: bytes) -> str:
    """Return a description of a file that is neither JPEG nor PNG, for messages."""
    if not data:
        return "an empty file"
    name = _other_format(data)
    if name:
        return f"{name}; only JPEG and PNG are supported"
    return f"it starts with {data[:8]!r}, and is neither JPEG nor PNG"


def _other_format(data: bytes) -> str | None:
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12], "a video or a photo in a video's format")
    return next((name for start, name in OTHER_FORMATS.items() if data.startswith(start)), None)


def _jpeg_header(data: bytes) -> PhotoHeader:
    # Segment by segment: an EXIF thumbnail is a JPEG within the JPEG, with its own end marker.
    width = height = 0
    usual, coding = False, ""
    offset = 2
    for _ in range(MAX_SEGMENTS):
        # A search, not a loop over bytes: megabytes that are not a marker may come first.
        found = JPEG_MARKER.search(data, offset)
        if found is None:
            break
        offset, marker = found.start(), data[found.start() + 1]
        if marker == JPEG_END_CODE:
            return PhotoHeader("jpg", width, height, True, usual, coding)
        if offset + 4 > len(data):
            break
        if marker in FRAME_MARKERS and offset + 10 <= len(data):
            bits, height, width, colors = struct.unpack_from(">BHHB", data, offset + 4)
            usual = marker in USUAL_FRAMES and bits == 8 and colors in (1, 3)
            coding = _rare_coding(marker, bits)
        offset += 2 + int(struct.unpack_from(">H", data, offset + 2)[0])
    return PhotoHeader("jpg", width, height, False, usual, coding)


def _rare_coding(marker: int, bits: int) -> str:
    """Return the name of a JPEG frame's coding if it is a rare one, else ""."""
    if marker in LOSSLESS_FRAMES:
        return "lossless coding"
    if marker in ARITHMETIC_FRAMES:
        return "arithmetic coding"
    return "" if bits == 8 else f"{bits} bits a color"


def _png_header(data: bytes) -> PhotoHeader:
    width = height = 0
    if len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
    return PhotoHeader("png", width, height, b"IEND" in data[-4096:])

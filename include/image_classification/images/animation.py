"""Telling a moving picture from a photo: a model would see its first frame only."""

import struct

from include.contracts.limits import MOST_CHUNKS
from include.image_classification.images.header import PNG_START

GIF_SCREEN, GIF_COLOURS = 13, 0x80
GIF_EXTENSION, GIF_FRAME = 0x21, 0x2C
WEBP_ANIMATED = 0x02


def animation(data: bytes) -> str | None:
    """Name the kind of animated picture that a file holds, or return None."""
    if data.startswith(PNG_START):
        return "an animated PNG" if _png_moves(data) else None
    if data.startswith(b"GIF8"):
        return "an animated GIF" if _gif_moves(data) else None
    if data.startswith(b"RIFF") and data[8:16] == b"WEBPVP8X" and len(data) > 20:
        return "an animated WebP" if data[20] & WEBP_ANIMATED else None
    return None


def _png_moves(data: bytes) -> bool:
    """Whether a chunk acTL comes before the pixels, as the format demands."""
    at = len(PNG_START)
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"acTL", b"IDAT"):
            return bool(kind == b"acTL")
        at += 12 + length
    return False


def _gif_moves(data: bytes) -> bool:
    """Whether there is a second frame, found from block to block."""
    frames = 0
    at = GIF_SCREEN + (_colours(data[10]) if len(data) > 10 else 0)
    while at + 10 <= len(data) and frames < 2:
        if data[at] == GIF_FRAME:
            frames += 1
            at = _after_blocks(data, at + 11 + _colours(data[at + 9]))
        elif data[at] == GIF_EXTENSION:
            at = _after_blocks(data, at + 2)
        else:
            break
    return frames > 1


def _colours(flags: int) -> int:
    """How long the table of colours is that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & GIF_COLOURS else 0


def _after_blocks(data: bytes, at: int) -> int:
    for _ in range(MOST_CHUNKS):
        if at >= len(data) or not data[at]:
            return at + 1
        at += 1 + data[at]
    return len(data)

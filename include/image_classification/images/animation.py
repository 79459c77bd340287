"""Detection of animated images: a model would see only their first frame.

Hand-written because Pillow counts frames only after it opens a file with the format's decoder.
"""

from include.contracts.limits import MAX_CHUNKS
from include.contracts.photo_formats import PNG_START
from include.image_classification.images.header import png_chunks

GIF_SCREEN, GIF_COLORS = 13, 0x80
GIF_EXTENSION, GIF_FRAME = 0x21, 0x2C
WEBP_ANIMATED = 0x02


def detect_animation(data: bytes) -> str | None:
    """Return the kind of animated image that a file holds, such as "an animated PNG", or None."""
    if data.startswith(PNG_START):
        return "an animated PNG" if _is_animated_png(data) else None
    if data.startswith(b"GIF8"):
        return "an animated GIF" if _is_animated_gif(data) else None
    if data.startswith(b"RIFF") and data[8:16] == b"WEBPVP8X" and len(data) > 20:
        return "an animated WebP" if data[20] & WEBP_ANIMATED else None
    return None


def _is_animated_png(data: bytes) -> bool:
    """Return whether a chunk acTL precedes the pixels, as the format requires."""
    kinds = (kind for _, kind in png_chunks(data) if kind in (b"acTL", b"IDAT"))
    return next(kinds, None) == b"acTL"


def _is_animated_gif(data: bytes) -> bool:
    """Return whether there is a second frame, by walking from block to block."""
    frames = 0
    offset = GIF_SCREEN + (_color_table_size(data[10]) if len(data) > 10 else 0)
    while offset + 10 <= len(data) and frames < 2:
        if data[offset] == GIF_FRAME:
            frames += 1
            offset = _skip_blocks(data, offset + 11 + _color_table_size(data[offset + 9]))
        elif data[offset] == GIF_EXTENSION:
            offset = _skip_blocks(data, offset + 2)
        else:
            break
    return frames > 1


def _color_table_size(flags: int) -> int:
    """Return the size in bytes of the color table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & GIF_COLORS else 0


def _skip_blocks(data: bytes, offset: int) -> int:
    for _ in range(MAX_CHUNKS):
        if offset >= len(data) or not data[offset]:
            return offset + 1
        offset += 1 + data[offset]
    return len(data)

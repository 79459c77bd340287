"""Splitting of an object into request bodies by SplitType and BatchStrategy, as a stream."""

from collections.abc import Iterable, Iterator

from include.local_aws.containers.recordio import HEADER, LAST, LENGTH_BITS, MAGIC, WHOLE
from include.local_aws.errors import JobFailure

_LONGEST = 100 * 1024 * 1024  # SageMaker's largest payload; no record may be larger


def split(
    pieces: Iterable[bytes], split_type: str, payload: int, *, single: bool
) -> Iterator[bytes]:
    """Yield the bodies of an object's requests, holding one body and one piece in memory.

    Args:
        pieces: The object's content.
        split_type: None, Line or RecordIO.
        payload: The largest size of a body in bytes; a larger record is not split.
        single: True for one record in each body (RecordIO without its frame), False for as many
            records as fit.

    Raises:
        JobFailure: The object is not RecordIO, or is incomplete, or a record is larger than
            100 MB.
    """
    if split_type == "RecordIO":
        records = _records(_Reader(pieces))
        if single:
            yield from (MAGIC.join(data for _, data in parts) for parts in records)
        else:
            yield from _packed((b"".join(raw for raw, _ in parts) for parts in records), payload)
    elif split_type == "Line":
        yield from _lines(pieces) if single else _packed(_lines(pieces), payload)
    else:
        yield _whole(pieces)


def _packed(records: Iterable[bytes], payload: int) -> Iterator[bytes]:
    body: list[bytes] = []
    size = 0
    for record in records:
        if body and size + len(record) > payload:
            yield b"".join(body)
            body, size = [], 0
        body.append(record)
        size += len(record)
    if body:
        yield b"".join(body)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines with their line ends."""
    rest = bytearray()
    for piece in pieces:
        *lines, last = piece.split(b"\n")
        for line in lines:
            yield bytes(rest) + line + b"\n"
            rest.clear()
        rest += last
        _check_length(len(rest))
    if rest:
        yield bytes(rest)


def _whole(pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        _check_length(len(content))
    return bytes(content)


def _records(reader: "_Reader") -> Iterator[list[tuple[bytes, bytes]]]:
    """Yield each record as a list of its parts: all bytes of the part, and the data in it."""
    parts: list[tuple[bytes, bytes]] = []
    while header := reader.take(HEADER.size):
        flag, raw, data = _part(reader, header)
        parts.append((raw, data))
        _check_length(sum(len(r) for r, _ in parts))
        if flag in (WHOLE, LAST):
            yield parts
            parts = []
    if parts:
        raise JobFailure("the last record of the RecordIO object is incomplete")


def _part(reader: "_Reader", header: bytes) -> tuple[int, bytes, bytes]:
    """Return a part's flag, all its bytes, and its data."""
    start = reader.taken - len(header)
    if header[:4] != MAGIC or len(header) < HEADER.size:
        raise JobFailure(f"the object is not RecordIO at byte {start}")
    _, word = HEADER.unpack(header)
    length = word & (1 << LENGTH_BITS) - 1
    _check_length(length)
    padded = reader.take(length + -length % 4)
    if len(padded) < length + -length % 4:
        raise JobFailure("the RecordIO object is cut off")
    return word >> LENGTH_BITS, header + padded, padded[:length]


class _Reader:
    """Reads a number of bytes from an iterator of pieces; fewer at the end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")
        self.taken = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        found: list[memoryview] = []
        missing = size
        while missing:
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
                continue
            found.append(self._rest[:missing])
            self._rest = self._rest[len(found[-1]) :]
            missing -= len(found[-1])
        self.taken += size - missing
        return b"".join(found)


def _check_length(length: int) -> None:
    if length > _LONGEST:
        raise JobFailure(
            "a record of more than 100 MB is more than any MaxPayloadInMB allows: set SplitType"
        )

"""An object as the request bodies that SplitType and BatchStrategy make of it."""

import struct
from collections.abc import Iterator

from include.local_aws.errors import JobFailure

# RecordIO: a part is the magic number, a word with a flag in its upper 3 bits and a length in its
# lower 29, the data, zeros to a multiple of four. The number stands between parts of a record.
_MAGIC = struct.pack("<I", 0xCED7230A)
_HEADER = struct.Struct("<4sI")
_LENGTH_BITS = 29
_WHOLE, _LAST = 0, 3


def split(content: bytes, split_type: str, payload: int, *, single: bool) -> list[bytes]:
    """Return the bodies of an object's requests.

    Args:
        content: The object.
        split_type: None, Line or RecordIO.
        payload: The most bytes of a body; a record that is larger stays whole.
        single: Whether a body is one record, of RecordIO without its frame, or as many as fit.

    Raises:
        JobFailure: the object is no RecordIO, or cut off.
    """
    if split_type == "RecordIO":
        records = list(_framed_records(content))
        return [_unframed(record) for record in records] if single else _packed(records, payload)
    if split_type == "Line":
        lines = content.splitlines(keepends=True)
        return lines if single else _packed(lines, payload)
    return [content]


def _packed(records: list[bytes], payload: int) -> list[bytes]:
    bodies: list[bytes] = []
    for record in records:
        if bodies and len(bodies[-1]) + len(record) <= payload:
            bodies[-1] += record
        else:
            bodies.append(record)
    return bodies


def _framed_records(content: bytes) -> Iterator[bytes]:
    start = 0
    for flag, _, end in _parts(content):
        if flag in (_WHOLE, _LAST):
            yield content[start:end]
            start = end
    if start < len(content):
        raise JobFailure("the last record of the RecordIO object is incomplete")


def _unframed(record: bytes) -> bytes:
    return _MAGIC.join(data for _, data, _ in _parts(record))


def _parts(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Flag and data of each part, and where the next one starts."""
    at = 0
    while at < len(content):
        if content[at : at + 4] != _MAGIC or len(content) < at + _HEADER.size:
            raise JobFailure(f"the object is not RecordIO at byte {at}")
        _, word = _HEADER.unpack_from(content, at)
        start = at + _HEADER.size
        end = start + (word & (1 << _LENGTH_BITS) - 1)
        at = end + -end % 4
        if at > len(content):
            raise JobFailure("the RecordIO object is cut off")
        yield word >> _LENGTH_BITS, content[start:end], at

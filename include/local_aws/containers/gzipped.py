"""Decompression of Gzip streams."""

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any

from include.local_aws.errors import JobFailure

_CHUNK = 1024 * 1024
BAD_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)
"""The exceptions that reading a damaged file raises."""


def decompress(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Yield the content of a Gzip file that comes in pieces.

    Raises:
        JobFailure: The file `name` is not Gzip data, or is incomplete.
    """
    try:
        with gzip.open(io.BufferedReader(_Raw(pieces))) as plain:
            while chunk := plain.read(_CHUNK):
                yield chunk
    except BAD_GZIP as error:
        raise JobFailure(f"ClientError: {name} is not Gzip data: {error}") from error


class _Raw(io.RawIOBase):
    """A file whose content comes in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the rest of the current piece."""
        self._rest = self._rest or next(self._pieces, b"")
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)

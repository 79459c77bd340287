"""Gzip data taken apart as it comes."""

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any

from include.local_aws.errors import JobFailure

_CHUNK = 1024 * 1024
BAD_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)
"""What reading a damaged file may raise."""


def unpacked(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """What the pieces of a Gzip file hold; JobFailure says that `name` is none, or is cut off."""
    try:
        with gzip.open(io.BufferedReader(_Raw(pieces))) as plain:
            while chunk := plain.read(_CHUNK):
                yield chunk
    except BAD_GZIP as error:
        raise JobFailure(f"ClientError: {name} is not Gzip data: {error}") from error


class _Raw(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the present piece goes."""
        self._rest = self._rest or next(self._pieces, b"")
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)

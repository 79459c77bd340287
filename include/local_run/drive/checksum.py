"""S3 ETags of local files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

PART = 8 * 1024 * 1024
"""Bytes of a part; files of at least this size are uploaded in parts."""

BLOCK = 1024 * 1024


def etag(path: Path) -> str:
    """Return the ETag that S3 gives a file that is uploaded with parts of `PART` bytes.

    The ETag is the MD5 of the content, or the MD5 of the parts' MD5s followed by the number of
    parts. Objects encrypted with KMS keys have other ETags.

    Raises:
        OSError: The file cannot be read.
    """
    parts, size = [], 0
    with path.open("rb") as file:
        while read := _part(file):
            digest, length = read
            parts.append(digest)
            size += length
    if size < PART:
        return parts[0].hex() if parts else _md5(b"").hex()
    return f"{_md5(b''.join(parts)).hex()}-{len(parts)}"


def _part(file: BinaryIO) -> tuple[bytes, int] | None:
    """Return the MD5 and the length of the next part, or None at the end of the file."""
    digest, length = hashlib.md5(usedforsecurity=False), 0
    while length < PART and (block := file.read(min(BLOCK, PART - length))):
        digest.update(block)
        length += len(block)
    return (digest.digest(), length) if length else None


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()

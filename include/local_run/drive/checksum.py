"""What S3 calls a file's content: its ETag, computed here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

PART = 8 * 1024 * 1024
"""Bytes of a part; a file that is as large or larger is uploaded in parts."""

BLOCK = 1024 * 1024


def etag(path: Path) -> str:
    """The ETag that a file gets when it is uploaded with parts of `PART` bytes.

    That is the MD5 of its bytes, or of its parts' MD5s with their number. An S3 that encrypts with
    keys of KMS gives others, which equal none of these.

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
    """The MD5 and the length of the next part, or None at the end."""
    digest, length = hashlib.md5(usedforsecurity=False), 0
    while length < PART and (block := file.read(min(BLOCK, PART - length))):
        digest.update(block)
        length += len(block)
    return (digest.digest(), length) if length else None


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()

"""Formats of archives and other files, recognised by their first bytes, not by their names."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Literal, cast

ArchiveFormat = Literal["zip", "tar"]

START_BYTES = 512
"""The first bytes of a file that determine its format; a tar's first header has as many."""

LFS_POINTER = b"version https://git-lfs.github.com/spec/"

OTHER_FORMATS: Mapping[bytes, str] = {
    LFS_POINTER: "a Git LFS pointer, not the file itself: run git lfs pull, copy it again",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: create a .zip or .tgz instead",
    b"Rar!\x1a\x07": "a RAR archive: create a .zip or .tgz instead",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive: create a .zip or .tgz instead",
    b"PAR1": "a Parquet file",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file (MATLAB saves such files with -v7.3): save it with -v7",
    b"%PDF": "a PDF",
}
_HTML = (b"<!doctype html", b"<html")


def read_start(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(START_BYTES)


def archive_format(path: Path) -> ArchiveFormat | None:
    """Return whether a file is a zip or a tar archive, compressed or not, by its content."""
    start = read_start(path)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    return "tar" if _is_tar_header(start) or _is_tar_header(_decompressed_start(path)) else None


def open_decompressed(path: Path) -> IO[bytes]:
    """Open a file that may be compressed by gzip, bzip2 or xz."""
    start = read_start(path)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if start.startswith(b"BZh"):
        return cast(IO[bytes], bz2.open(path))
    if start.startswith(b"\xfd7zXZ\0"):
        return cast(IO[bytes], lzma.open(path))
    return path.open("rb")


def describe_content(start: bytes) -> str | None:
    """Return what a file is by its first bytes, with the fix if there is one, or None."""
    for magic, name in OTHER_FORMATS.items():
        if start.startswith(magic):
            return name
    if start.lstrip().lower().startswith(_HTML):
        return "a web page, for example of a login or an error: download the file itself"
    if start.startswith(b"\x1f\x8b"):
        return "a single file compressed by gzip, not an archive: decompress it"
    return None


def _decompressed_start(path: Path) -> bytes:
    try:
        with open_decompressed(path) as file:
            return file.read(START_BYTES)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return b""


def _is_tar_header(start: bytes) -> bool:
    """Return whether a block is a tar header: its checksum is right."""
    if len(start) < START_BYTES:
        return False
    try:
        stated = int(start[148:156].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    return stated == sum(start) - sum(start[148:156]) + 8 * ord(" ")

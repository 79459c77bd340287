"""Reading a tar file, compressed or not, as a stream: once, in flat memory, nothing extracted."""

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from include.image_classification.dataset.archives.member import (
    MAX_MEMBER_BYTES,
    Member,
    MemberRefused,
    damage_named,
    normal,
    path_problem,
    refuse_bomb,
)

MAX_HEADER_BYTES = 1 << 20


class _Headers:
    """A tar's stream as tarfile may read it: it takes a header of any size into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek = file.seek
        self.tell = file.tell
        self._read = file.read

    def read(self, size: int) -> bytes:
        if size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._read(size)


def tar_members(path: Path) -> Iterator[Member]:
    """Yield the files of a tar archive in its own order.

    Raises:
        ProgramError: It is cut off, damaged or a decompression bomb.
    """
    with damage_named(path), open_tar(path) as (file, tar):
        for info in tar_headers(tar):
            refuse_bomb(path, tar.offset)
            if not info.isdir():
                yield _member(path, file, info)
        _check_end(file, tar.offset)
        _read_out(path, file)


@contextmanager
def open_tar(path: Path) -> Iterator[tuple[IO[bytes], tarfile.TarFile]]:
    """Open a tar file, compressed or not: its inflated stream, and the archive on that stream."""
    with _inflated(path) as file:
        headers = cast(IO[bytes], _Headers(file))
        with tarfile.TarFile(path.name, "r", fileobj=headers) as tar:
            yield file, tar


def tar_headers(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the header of every member once, in flat memory.

    Raises:
        tarfile.ReadError: A header has a negative size: tarfile would go back and read it again,
            without end (CVE-2025-8194).
    """
    while (info := tar.next()) is not None:
        # tarfile remembers every member; a million of them are a gigabyte.
        tar.members = []  # type: ignore[attr-defined]
        if tar.offset <= info.offset:
            raise tarfile.ReadError("a header with a negative size")
        yield info


def _inflated(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if start.startswith(b"BZh"):
        return cast(IO[bytes], bz2.open(path))
    if start.startswith(b"\xfd7zXZ\0"):
        return cast(IO[bytes], lzma.open(path))
    return path.open("rb")


def _member(path: Path, file: IO[bytes], info: tarfile.TarInfo) -> Member:
    problem = path_problem(info.name)
    if not info.isreg() or info.issparse():
        problem = "a link or a device"
    return Member(normal(info.name), info.size, problem, _reader(path, file, info))


def _reader(path: Path, file: IO[bytes], info: tarfile.TarInfo) -> Callable[[], bytes]:
    offset, size = info.offset_data, info.size

    def read() -> bytes:
        if size > MAX_MEMBER_BYTES:
            raise MemberRefused(f"{size} bytes are over the limit of {MAX_MEMBER_BYTES}")
        with damage_named(path):
            file.seek(offset)
            data = file.read(size)
            if len(data) < size:
                raise tarfile.ReadError("unexpected end of data")
            return data

    return read


def _check_end(file: IO[bytes], offset: int) -> None:
    # tarfile takes the end of the file for the end of the archive. A whole archive ends in a
    # block of zeros.
    file.seek(offset)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("it does not end as an archive does")


def _read_out(path: Path, file: IO[bytes]) -> None:
    # A compressed file checks its sum only when it is read to the end.
    while file.read(1 << 20):
        refuse_bomb(path, file.tell())

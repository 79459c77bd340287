"""Members of a tar file, compressed or not, read once as a stream in constant memory."""

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from include.image_classification.dataset.archives.formats import open_decompressed
from include.image_classification.dataset.archives.member import (
    MAX_MEMBER_BYTES,
    Member,
    MemberError,
    name_damage,
    normalize,
    path_problem,
    refuse_bomb,
)

MAX_HEADER_BYTES = 1 << 20


class _Headers:
    """A stream that limits the size of headers; tarfile reads headers of any size into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek = file.seek
        self.tell = file.tell
        self._read = file.read

    def read(self, size: int) -> bytes:
        if size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._read(size)


def tar_members(path: Path) -> Iterator[Member]:
    """Yield the files of a tar archive in its order.

    Raises:
        CommandError: The archive is cut off, damaged or a decompression bomb.
    """
    with name_damage(path), open_tar(path) as (file, tar):
        for info in checked_headers(path, file, tar):
            if not info.isdir():
                yield _member(path, file, info)


def checked_headers(path: Path, file: IO[bytes], tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the header of every member of a tar that `open_tar` opened, and check its end.

    Raises:
        tarfile.ReadError: The archive is cut off.
        CommandError: The archive is a decompression bomb.
    """
    for info in tar_headers(tar):
        refuse_bomb(path, tar.offset)
        yield info
    _check_end(file, tar.offset)
    _read_to_end(path, file)


@contextmanager
def open_tar(path: Path) -> Iterator[tuple[IO[bytes], tarfile.TarFile]]:
    """Open a tar file: the decompressed stream, and the archive on that stream."""
    with open_decompressed(path) as file:
        headers = cast(IO[bytes], _Headers(file))
        with tarfile.TarFile(path.name, "r", fileobj=headers) as tar:
            yield file, tar


def tar_headers(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the header of every member once, in constant memory.

    Raises:
        tarfile.ReadError: A header has a negative size; tarfile would read it again in an endless
            loop (CVE-2025-8194).
    """
    while (info := tar.next()) is not None:
        # tarfile keeps every member in memory; a million members take a gigabyte.
        tar.members = []  # type: ignore[attr-defined]
        if tar.offset <= info.offset:
            raise tarfile.ReadError("a header with a negative size")
        yield info


def _member(path: Path, file: IO[bytes], info: tarfile.TarInfo) -> Member:
    problem = path_problem(info.name)
    if not info.isreg() or info.issparse():
        problem = "a link or a device"
    return Member(normalize(info.name), info.size, problem, _reader(path, file, info))


def _reader(path: Path, file: IO[bytes], info: tarfile.TarInfo) -> Callable[[], bytes]:
    offset, size = info.offset_data, info.size

    def read() -> bytes:
        if size > MAX_MEMBER_BYTES:
            raise MemberError(f"{size} bytes exceed the limit of {MAX_MEMBER_BYTES}")
        with name_damage(path):
            file.seek(offset)
            data = file.read(size)
            if len(data) < size:
                raise tarfile.ReadError("unexpected end of data")
            return data

    return read


def _check_end(file: IO[bytes], offset: int) -> None:
    # tarfile accepts the end of the file as the end of the archive, but a complete archive ends
    # with a block of zeros.
    file.seek(offset)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("it has no end-of-archive block")


def _read_to_end(path: Path, file: IO[bytes]) -> None:
    # The checksum of a compressed file is verified only at its end.
    while file.read(1 << 20):
        refuse_bomb(path, file.tell())

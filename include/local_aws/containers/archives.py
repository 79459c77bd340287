"""Tar archives of models and outputs."""

import gzip
import logging
import shutil
import struct
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from include.local_aws.errors import JobFailure

_log = logging.getLogger(__name__)
RESERVE = 1024**3  # bytes of the disk that unpacked files must leave free
_MOST_BYTES = 50 * 1024**3
_MOST_MEMBERS = 100_000
_LONGEST_HEADER = 1024**2
_MOST_PADDING = 16 * 1024**2  # bytes after the archive's end
_LONGEST_PATH = 1024  # bytes; leaves room for the folder's own path within PATH_MAX
_DEEPEST_PATH = 100  # folders; makedirs and rmtree recurse for each
_DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, struct.error, ValueError,
           OverflowError, RecursionError)  # fmt: skip
"""The exceptions that tarfile raises for damaged or malicious archives."""


def pack(directories: Iterable[Path], archive: Path) -> None:
    """Write the contents of the directories to one gzipped tar.

    If two directories have an entry of the same name, the last one's is kept. Pipes and devices
    are left out. The compression level is 1, because parameters of a network hardly compress and
    a higher level would make the job longer.
    """
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for directory in directories:
            for entry in sorted(directory.iterdir()):
                tar.add(entry, arcname=entry.name, filter=_storable)


def unpack(archive: Path, directory: Path, uri: str) -> None:
    """Unpack a gzipped tar into an empty directory.

    Accepted are regular files, folders, and hard links to a file that comes earlier in the
    archive. Symbolic links are refused, as on SageMaker, and so is everything that could write
    outside the directory: devices, pipes, absolute paths, paths with `..`. No link is on disk
    while members are written, so that safety does not depend on the link checks of tarfile's
    filters, which are broken in Python 3.11.4 to 3.11.12 and 3.12.0 to 3.12.10 (CVE-2025-4517 and
    others).

    Raises:
        JobFailure: `uri` is not such an archive, or holds more than 50 GB, more than 100,000
            members, or more than the disk has room for.
    """
    directory.mkdir(parents=True, exist_ok=True)
    room = min(_MOST_BYTES, shutil.disk_usage(directory).free - RESERVE)
    try:
        with (
            gzip.open(archive) as content,
            tarfile.open(fileobj=_Limited(content), mode="r:") as tar,  # type: ignore[call-overload]
        ):
            check = _Check(room)
            while (member := tar.next()) is not None:
                tar.members = []  # tarfile keeps all members, with headers of up to 1 MB each
                tar.extract(member, directory, filter=check)
            if len(content.read(_MOST_PADDING)) == _MOST_PADDING:  # up to the checksum
                raise tarfile.ReadError("there is more data after its end")
    except _DAMAGE as error:
        raise JobFailure(f"ClientError: Cannot unpack {uri}: {error}") from error


def _storable(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.isfifo() or member.isdev():
        _log.warning("%s is not stored: it is a pipe or a device", member.name)
        return None
    return member


class _Check:
    """A filter that refuses members other than regular files and folders below the directory.

    Accepted members then pass tarfile's data filter, which sets their owner and mode.
    """

    def __init__(self, room: int) -> None:
        self._room, self._members, self._offset = room, 0, -1
        self._files: set[str] = set()

    def __call__(self, member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
        self._count(member)
        name = _inner_path(member.name)
        if member.isreg():
            _check_sparse(member)
            self._files.add(name)
        elif member.islnk():
            if _inner_path(member.linkname) not in self._files:
                raise tarfile.TarError(
                    f"{_quoted(member.name)} is a hard link to {_quoted(member.linkname)}, which "
                    "is not a file earlier in the archive"
                )
        elif not member.isdir():
            raise tarfile.TarError(_not_a_file(member))
        elif name in self._files:
            raise tarfile.TarError(f"{_quoted(member.name)} is both a file and a folder")
        return tarfile.data_filter(member, path)

    def _count(self, member: tarfile.TarInfo) -> None:
        if member.offset <= self._offset or member.size < 0:
            # With a negative size tarfile would go back to an earlier header endlessly.
            raise tarfile.TarError(f"{_quoted(member.name)} has a negative size")
        self._offset = member.offset
        self._room -= member.size
        self._members += 1
        if self._room < 0:
            raise tarfile.TarError("it holds more than there is room for")
        if self._members > _MOST_MEMBERS:
            raise tarfile.TarError(f"it holds more than {_MOST_MEMBERS} files")


def _inner_path(name: str) -> str:
    """Return a member's path without `.` and empty parts; TarError if it leads out of a folder."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts:
        raise tarfile.TarError(f"{_quoted(name)} leads out of the archive's folder")
    if len(parts) > _DEEPEST_PATH or len(name.encode("utf-8", "replace")) > _LONGEST_PATH:
        raise tarfile.TarError(
            f"the path {_quoted(name)} is longer than {_LONGEST_PATH} bytes "
            f"or deeper than {_DEEPEST_PATH} folders"
        )
    return "/".join(parts)


def _check_sparse(member: tarfile.TarInfo) -> None:
    """Raise TarError for a sparse file whose pieces lie outside its size."""
    pieces = cast("list[tuple[int, int]] | None", member.sparse)  # typeshed has it as bytes
    for offset, size in pieces or ():
        if not 0 <= offset <= offset + size <= member.size:
            raise tarfile.TarError(f"{_quoted(member.name)} has a damaged map of its holes")


def _not_a_file(member: tarfile.TarInfo) -> str:
    if member.issym():
        return (
            f"{_quoted(member.name)} is a symbolic link to {_quoted(member.linkname)}, which "
            "SageMaker does not unpack: pack the file itself (tar --dereference)"
        )
    return f"{_quoted(member.name)} is a device, a pipe or of an unknown type"


def _quoted(name: str) -> str:
    return repr(name if len(name) <= 100 else f"{name[:100]}...")


class _Limited:
    """A file that limits the size of headers, because tarfile reads them completely into memory."""

    def __init__(self, content: gzip.GzipFile) -> None:
        self._content = content
        self.tell, self.seek = content.tell, content.seek

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError("a header is longer than any name could be")
        return self._content.read(size)

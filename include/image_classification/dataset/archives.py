"""Reading folders and archives as streams of files, without ever extracting one.

Nothing is written, so no path in an archive can lead anywhere; members that are not plain files
inside the archive are reported and never read.
"""

import gzip
import lzma
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from include.image_classification.container import ProgramError

TAR_SUFFIXES = (".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ARCHIVE_SUFFIXES = (*TAR_SUFFIXES, ".zip")

# Whatever a damaged archive makes the standard library raise.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error,
          lzma.LZMAError, OSError, NotImplementedError)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One file in a folder or an archive.

    Attributes:
        path: Relative, with forward slashes, in Unicode's composed form.
        size: In bytes.
        problem: Why it must not be read, or nothing.
        read: Returns its bytes; in an archive, only until the next member is asked for.
    """

    path: str
    size: int
    problem: str | None
    read: Callable[[], bytes]


def archive_stem(path: Path) -> str | None:
    """An archive's file name without its suffix, or None for a file that is no archive."""
    name = path.name.lower()
    for suffix in ARCHIVE_SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return path.name[: -len(suffix)]
    return None


def members(path: Path) -> Iterator[Member]:
    """Yield the files of a folder (by path), or of an archive in its own order, in flat memory.

    Files and folders whose name starts with a dot, and what macOS adds to archives, are left out.

    Raises:
        ProgramError: The archive is cut off or damaged, or asks for a password.
    """
    if path.is_dir():
        found = _in_folder(path)
    elif path.name.lower().endswith(".zip"):
        found = _in_zip(path)
    else:
        found = _in_tar(path)
    return (member for member in found if not _hidden(member.path))


def _in_folder(folder: Path) -> Iterator[Member]:
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_dir():
            path = normal(file.relative_to(folder).as_posix())
            problem = None if file.is_file() and not file.is_symlink() else "a link or a device"
            yield Member(path, file.lstat().st_size, problem, file.read_bytes)


def _in_tar(path: Path) -> Iterator[Member]:
    with _damage_named(path), tarfile.open(path) as tar:
        while (info := tar.next()) is not None:
            # tarfile remembers every member; a million of them are a gigabyte.
            tar.members = []  # type: ignore[attr-defined]
            if not info.isdir():
                problem = _path_problem(info.name)
                if not info.isreg():
                    problem = "a link or a device"
                yield Member(normal(info.name), info.size, problem, _tar_reader(path, tar, info))
        _check_tar_end(tar)


def _tar_reader(path: Path, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with _damage_named(path):
            return cast(IO[bytes], tar.extractfile(info)).read()

    return read


def _check_tar_end(tar: tarfile.TarFile) -> None:
    # tarfile takes the end of the file for the end of the archive. A whole archive ends in a
    # block of zeros, and a compressed one checks its sum only when read to the end.
    file = cast(IO[bytes], tar.fileobj)
    file.seek(tar.offset)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("it does not end as an archive does")
    while file.read(1 << 20):
        pass


def _in_zip(path: Path) -> Iterator[Member]:
    with _damage_named(path), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                problem = _path_problem(info.filename)
                mode = info.external_attr >> 16
                if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                    problem = "a link or a device"
                if info.flag_bits & 1:
                    raise ProgramError(
                        f"{path.name} is encrypted; pack it again without a password"
                    )
                yield Member(
                    normal(info.filename), info.file_size, problem, _zip_reader(path, archive, info)
                )


def _zip_reader(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with _damage_named(path):
            return archive.read(info)

    return read


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        # tarfile tells on several lines how it tried every compression.
        reason = str(error).partition(":\n")[0]
        message = f"{path.name} is cut off or damaged ({reason}); fetch or pack it again"
        raise ProgramError(message) from error


def _path_problem(name: str) -> str | None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        return "a path out of the archive"
    return None


def normal(name: str) -> str:
    """A name as members carry it: forward slashes, no leading `./`, composed Unicode."""
    path = PurePosixPath(name.replace("\\", "/"))
    return unicodedata.normalize("NFC", path.as_posix())


def _hidden(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in parts)

"""Reading a zip file member by member, nothing extracted, nothing believed of its headers."""

import copy
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives.member import (
    ALWAYS_READ,
    MAX_MEMBER_BYTES,
    MAX_RATIO,
    Member,
    MemberRefused,
    damage_named,
    normal,
    path_problem,
    refuse_bomb,
)

UTF8_NAME = 0x800
ENCRYPTED = 0x1

# Only these inflate to a size that is asked for: a line of bzip2 becomes gigabytes at once.
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def zip_members(path: Path) -> Iterator[Member]:
    """Yield the files of a zip archive in its own order.

    Raises:
        ProgramError: It is cut off, damaged, encrypted or a decompression bomb.
    """
    with damage_named(path), zipfile.ZipFile(path) as archive:
        refuse_bomb(path, sum(info.file_size for info in archive.infolist()))
        for info in archive.infolist():
            if not info.is_dir():
                _refuse_unreadable(path, info)
                yield _member(path, archive, info)


def _refuse_unreadable(path: Path, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED:
        raise ProgramError(f"{path.name} is encrypted; pack it again without a password")
    if info.compress_type not in BOUNDED:
        raise ProgramError(
            f"{path.name} is packed by method {info.compress_type}, which inflates without a bound;"
            " pack it again with deflate"
        )


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = _name(info)
    return Member(normal(name), info.file_size, _problem(info, name), _reader(path, archive, info))


def _name(info: zipfile.ZipInfo) -> str:
    # macOS and others write UTF-8 without saying so.
    if info.flag_bits & UTF8_NAME:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.orig_filename


def _problem(info: zipfile.ZipInfo, name: str) -> str | None:
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link or a device"
    if info.file_size > max(ALWAYS_READ, MAX_RATIO * info.compress_size):
        return f"{info.file_size} bytes packed into {info.compress_size}: a decompression bomb"
    return path_problem(name)


def _reader(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        size = info.file_size
        if size > MAX_MEMBER_BYTES:
            raise MemberRefused(f"{size} bytes are over the limit of {MAX_MEMBER_BYTES}")
        with damage_named(path):
            data = _inflate(archive, info)
        if len(data) != size:
            than = "more" if len(data) > size else "fewer"
            raise MemberRefused(f"it inflates to {than} than the {size} bytes that its header says")
        return data

    return read


def _inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Inflate a member, and one byte more than its header says if there is one."""
    wanted = info.file_size + 1
    # zipfile inflates without a bound and then cuts at the header's size: it must not know it.
    unsized = copy.copy(info)
    unsized.file_size = MAX_MEMBER_BYTES + 1
    with archive.open(unsized) as file:
        return file.read(wanted)

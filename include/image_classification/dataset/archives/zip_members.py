"""Members of a zip file, read one by one without trusting their headers."""

import copy
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import (
    ALWAYS_READ,
    MAX_MEMBER_BYTES,
    MAX_RATIO,
    Member,
    MemberError,
    name_damage,
    normalize,
    path_problem,
    refuse_bomb,
)

UTF8_NAME = 0x800
ENCRYPTED = 0x1

# Only these methods decompress up to a given size: a few bytes of bzip2 become gigabytes at once.
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def zip_members(path: Path) -> Iterator[Member]:
    """Yield the files of a zip archive in its order.

    Raises:
        CommandError: The archive is cut off, damaged, encrypted or a decompression bomb.
    """
    with name_damage(path), zipfile.ZipFile(path) as archive:
        refuse_bomb(path, sum(info.file_size for info in archive.infolist()))
        for info in archive.infolist():
            if not info.is_dir():
                _refuse_unreadable(path, info)
                yield _member(path, archive, info)


def _refuse_unreadable(path: Path, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED:
        raise CommandError(f"{path.name} is encrypted; create it again without a password")
    if info.compress_type not in BOUNDED:
        raise CommandError(
            f"{path.name} uses compression method {info.compress_type}, whose decompressed size"
            " cannot be limited; create it again with deflate"
        )


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = _name(info)
    return Member(
        normalize(name), info.file_size, _problem(info, name), _reader(path, archive, info)
    )


def _name(info: zipfile.ZipInfo) -> str:
    # macOS and other programs write UTF-8 without setting the flag.
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
        return f"{info.file_size} bytes compressed to {info.compress_size}: a decompression bomb"
    return path_problem(name)


def _reader(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        size = info.file_size
        if size > MAX_MEMBER_BYTES:
            raise MemberError(f"{size} bytes exceed the limit of {MAX_MEMBER_BYTES}")
        with name_damage(path):
            data = _decompress(archive, info)
        if len(data) != size:
            relation = "more" if len(data) > size else "fewer"
            raise MemberError(f"it decompresses to {relation} than the {size} bytes of its header")
        return data

    return read


def _decompress(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Decompress a member up to one byte more than the size in its header."""
    limit = info.file_size + 1
    # zipfile truncates the data to the size in the header, so it gets a larger size.
    unsized = copy.copy(info)
    unsized.file_size = MAX_MEMBER_BYTES + 1
    with archive.open(unsized) as file:
        return file.read(limit)

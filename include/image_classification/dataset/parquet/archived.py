"""Parquet files in archives, copied to temporary files, because they cannot be read as a stream.

The limits of members of archives hold: their number, their size, and the growth of the archive. The
copies are named by numbers, so that no path of an archive leads out of their folder.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import read_members
from include.image_classification.dataset.archives.formats import archive_format
from include.image_classification.dataset.archives.member import Member, MemberError

SUFFIX = ".parquet"

MAX_FILES = 1000
"""The largest number of Parquet files in an archive."""

RESERVE = 256 << 20
"""The space in bytes that the copies leave free on their disk."""


@dataclass(frozen=True)
class Copies:
    """The Parquet files of an archive.

    Attributes:
        members: Their paths in the archive.
        files: Their copies, which exist as long as this object.
    """

    members: Sequence[str]
    files: Sequence[Path]
    _folder: "tempfile.TemporaryDirectory[str] | None" = None


def copy_parquet_files(archive: Path) -> Copies:
    """Copy the Parquet files of an archive, once for each content of the archive.

    What is no archive by its content has none.

    Raises:
        CommandError: The archive is damaged or a decompression bomb, or has too many or too large
            Parquet files.
    """
    status = archive.stat()
    return _copy(archive, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=32)
def _copy(archive: Path, size: int, changed: int) -> Copies:
    members: list[str] = []
    files: list[Path] = []
    folder: tempfile.TemporaryDirectory[str] | None = None
    for member in read_members(archive) if archive_format(archive) else ():
        if member.problem or not is_parquet_name(member.path):
            continue
        if len(files) == MAX_FILES:
            raise _unpack(archive, f"it has more than {MAX_FILES} Parquet files")
        folder = folder or tempfile.TemporaryDirectory(prefix="parquet-")
        files.append(Path(folder.name) / f"{len(files)}{SUFFIX}")
        _write(archive, member, files[-1])
        members.append(member.path)
    return Copies(members, files, folder)


def is_parquet_name(path: str) -> bool:
    """Return whether a file has the suffix of a Parquet file."""
    return path.lower().endswith(SUFFIX)


def _write(archive: Path, member: Member, file: Path) -> None:
    if shutil.disk_usage(file.parent).free < member.size + RESERVE:
        raise _unpack(archive, f"there is no space in {file.parent} for a copy of {member.path}")
    try:
        file.write_bytes(member.read())
    except MemberError as error:
        raise _unpack(archive, f"{member.path} cannot be read: {error}") from error


def _unpack(archive: Path, reason: str) -> CommandError:
    return CommandError(f"{archive.name}: {reason}; unpack the archive")

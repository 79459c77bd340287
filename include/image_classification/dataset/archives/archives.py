"""Folders and archives as streams of files, without extraction.

No file is written, so paths in an archive cannot escape a folder. Members that are not regular
files are reported and never read. The content of an archive determines how it is read, not its
name: a zip named `.tgz`, or a download without a suffix, is read as what it is.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.formats import (
    ArchiveFormat,
    archive_format,
    describe_content,
    read_start,
)
from include.image_classification.dataset.archives.member import Member, normalize
from include.image_classification.dataset.archives.system_names import is_system_path
from include.image_classification.dataset.archives.tar_members import tar_members
from include.image_classification.dataset.archives.zip_members import zip_members

TAR_SUFFIXES = (".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ARCHIVE_SUFFIXES = (*TAR_SUFFIXES, ".zip")


def archive_stem(path: Path) -> str | None:
    """Return an archive's file name without its suffix, or None if the file is not an archive."""
    name = path.name.lower()
    for suffix in ARCHIVE_SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return path.name[: -len(suffix)]
    return None


def is_archive_name(path: str) -> bool:
    """Return whether a file's suffix is that of an archive."""
    return path.lower().endswith(ARCHIVE_SUFFIXES) and archive_stem(Path(path)) is not None


def read_members(path: Path) -> Iterator[Member]:
    """Yield the files of a folder or an archive, without those of systems and tools.

    Raises:
        CommandError: See `all_members`.
    """
    return (member for member in all_members(path) if not is_system_path(member.path))


def all_members(path: Path) -> Iterator[Member]:
    """Yield the files of a folder, sorted, or of an archive in its order, in constant memory.

    Raises:
        CommandError: The archive is cut off, damaged, encrypted or a decompression bomb, or the
            file is no archive; the message says what it is.
    """
    if path.is_dir():
        return _in_folder(path, "")
    return zip_members(path) if _format(path) == "zip" else tar_members(path)


def _format(path: Path) -> ArchiveFormat:
    found = archive_format(path)
    if found is not None:
        return found
    is_tar = path.name.lower().endswith(TAR_SUFFIXES)
    described = describe_content(read_start(path))
    # A damaged .tar.gz looks like another compressed file: its reader names the damage.
    if described and not (is_tar and "gzip" in described):
        raise CommandError(f"{path.name} is {described}")
    return "tar" if is_tar else "zip"


def _in_folder(folder: Path, prefix: str) -> Iterator[Member]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _in_folder(Path(entry.path), f"{name}/")
        else:
            problem = None if entry.is_file(follow_symlinks=False) else "a link or a device"
            size = entry.stat(follow_symlinks=False).st_size
            yield Member(normalize(name), size, problem, Path(entry.path).read_bytes)

"""Folders and archives as streams of files, without extraction.

No file is written, so paths in an archive cannot escape a folder. Members that are not regular
files are reported and never read.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from include.image_classification.dataset.archives.member import Member, normalize
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
    """Yield the files of a folder, sorted, or of an archive in its order, in constant memory.

    Files and folders whose name starts with a dot, and macOS's additions to archives, are skipped.

    Raises:
        CommandError: The archive is cut off, damaged, encrypted or a decompression bomb.
    """
    if path.is_dir():
        found = _in_folder(path, "")
    elif path.name.lower().endswith(".zip"):
        found = zip_members(path)
    else:
        found = tar_members(path)
    return (member for member in found if not is_hidden(member.path))


def is_hidden(path: str) -> bool:
    """Return whether a path is never read: dot files and macOS's additions to archives."""
    return any(
        (part.startswith(".") and part not in (".", "..")) or part == "__MACOSX"
        for part in path.split("/")
    )


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

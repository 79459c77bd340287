"""The contract of layouts: a layout opens a raw source as a `Source`.

A layout is a function of the source's folder and the selected classes. It finds the files, reads
the labels, and fails if the source as a whole is unusable. Photos are read later, as a stream:
every archive once, photo by photo, without extracting files.
"""

import logging
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.contracts.dataset import Box, Split
from include.image_classification.dataset.archives.archives import is_archive_name, read_members
from include.image_classification.dataset.archives.member import (
    MAX_MEMBER_BYTES,
    Member,
    MemberError,
)
from include.image_classification.dataset.source.classes import choose_classes
from include.image_classification.dataset.source.survey import is_photo_name
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo

__all__ = ["MAX_PHOTO_BYTES", "Source", "choose_classes", "find_ignored", "is_photo_name",
           "outer_members", "read_member"]  # fmt: skip

_log = logging.getLogger(__name__)

MAX_PHOTO_BYTES = MAX_MEMBER_BYTES


@dataclass(frozen=True)
class Source:
    """An opened raw source, whose photos have not been read yet.

    Attributes:
        classes: Class names in label order.
        entries: All entries of the source, as a stream that can be read once: photos with their
            bytes, and entries that are quarantined without being read.
        files: The files and folders that are read, relative to the source.
        ignored: The files that are not read. Archives inside archives are added while the entries
            are read, so the list is complete only afterwards.
    """

    classes: Sequence[str]
    entries: Iterator[Photo | Quarantined]
    files: Sequence[str]
    ignored: Sequence[str]


def read_member(
    path: str, label: int, member: Member, box: Box | None = None, split: Split | None = None
) -> Photo | Quarantined:
    """Return a member of an archive or folder as a photo with this path and label."""
    if member.problem:
        return Quarantined(path, None, "unsafe-member", member.problem)
    if member.size > MAX_PHOTO_BYTES:
        limit = f"{member.size} bytes exceed the limit of {MAX_PHOTO_BYTES}"
        return Quarantined(path, None, "too-large", limit)
    try:
        return Photo(path, label, member.read(), box, split)
    except MemberError as error:
        return Quarantined(path, None, "unsafe-member", str(error))


def outer_members(path: Path, name: str, ignored: list[str]) -> Iterator[Member]:
    """Yield the files of a folder or archive, except archives in it, which are never opened.

    Args:
        path: The folder or archive.
        name: Its name in the source.
        ignored: Receives the names of archives inside an archive. (`find_ignored` returns those
            inside a folder.)
    """
    for member in read_members(path):
        if not is_archive_name(member.path):
            yield member
        elif path.is_file():
            ignored.append(f"{name}/{member.path}")
            _log.warning("ignored: %s, an archive inside an archive", ignored[-1])


def find_ignored(folder: Path, read: Sequence[Path]) -> list[str]:
    """Return the files in a source that are not read; a folder without other files counts once.

    Args:
        folder: The source.
        read: The files that are read, and the folders whose files (except archives) are read.
    """
    used_tops = set(map(str, read))
    used = {str(parent) for path in read for parent in (path, *path.parents)}
    names: set[str] = set()
    for top, folders, files in os.walk(folder):
        if top in used_tops:
            used_tops.update(os.path.join(top, name) for name in folders)
        for name in files:
            path = os.path.join(top, name)
            below = top in used_tops and not is_archive_name(name)
            if not below and path not in used_tops and os.path.isfile(path):
                names.add(_outermost_unread(folder, path, used))
    return sorted(names)


def _outermost_unread(folder: Path, file: str, used: Collection[str]) -> str:
    """Return the outermost folder of a file that holds no file that is read, or the file."""
    parts = os.path.relpath(file, folder).split(os.sep)
    for end in range(1, len(parts)):
        if os.path.join(folder, *parts[:end]) not in used:
            return "/".join(parts[:end]) + "/"
    return "/".join(parts)

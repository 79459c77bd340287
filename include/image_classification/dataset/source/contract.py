"""What every layout turns a raw source into: classes, and a stream of photos.

A layout is one function: it takes the source's folder and what is wanted of it, and returns a
Source. Opening finds the files, reads the labels, and fails on what makes the whole unusable. The
photos are read later, as a stream: each archive once, one photo at a time, nothing extracted.
"""

import logging
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.contracts.dataset import Box, Split
from include.image_classification.dataset.archives.archives import is_archive_name, members
from include.image_classification.dataset.archives.member import (
    MAX_MEMBER_BYTES,
    Member,
    MemberRefused,
)
from include.image_classification.dataset.source.classes import choose_classes
from include.image_classification.dataset.source.survey import is_photo_name
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo

__all__ = ["MAX_PHOTO_BYTES", "Source", "choose_classes", "is_photo_name", "left_alone",
           "outer_members", "read_member"]  # fmt: skip

_log = logging.getLogger(__name__)

MAX_PHOTO_BYTES = MAX_MEMBER_BYTES


@dataclass(frozen=True)
class Source:
    """A raw source that has been opened, but whose photos have not been read yet.

    Attributes:
        classes: Class names in label order.
        entries: Everything that the source lists, once each: a photo with its bytes, or what is
            refused before it is looked at. A stream, to be read once.
        files: The files and folders that are read, relative to the source.
        left_alone: The files that are not. Archives within archives are added as they are met, so
            that it is complete once the entries are used up.
    """

    classes: Sequence[str]
    entries: Iterator[Photo | Quarantined]
    files: Sequence[str]
    left_alone: Sequence[str]


def read_member(
    path: str, label: int, member: Member, box: Box | None = None, split: Split | None = None
) -> Photo | Quarantined:
    """Read a member of an archive or folder as the photo of this path and label."""
    if member.problem:
        return Quarantined(path, None, "unsafe-member", member.problem)
    if member.size > MAX_PHOTO_BYTES:
        limit = f"{member.size} bytes are over the limit of {MAX_PHOTO_BYTES}"
        return Quarantined(path, None, "too-large", limit)
    try:
        return Photo(path, label, member.read(), box, split)
    except MemberRefused as refused:
        return Quarantined(path, None, "unsafe-member", str(refused))


def outer_members(path: Path, name: str, left_alone: list[str]) -> Iterator[Member]:
    """Yield the files of a folder or archive but the archives in it, which are never opened.

    Args:
        path: The folder or archive.
        name: What it is called in the source.
        left_alone: Where the archives within an archive are named as they are met. Those within a
            folder are named by the function of this name.
    """
    for member in members(path):
        if not is_archive_name(member.path):
            yield member
        elif path.is_file():
            left_alone.append(f"{name}/{member.path}")
            _log.warning("left alone: %s, an archive within an archive", left_alone[-1])


def left_alone(folder: Path, read: Sequence[Path]) -> list[str]:
    """Name the files in a source that are not read; a folder of nothing else is named once.

    Args:
        folder: The source.
        read: The files that are read, and the folders whose files are, but for archives in them.
    """
    wanted = set(map(str, read))
    used = {str(each) for path in read for each in (path, *path.parents)}
    names: set[str] = set()
    for top, folders, files in os.walk(folder):
        if top in wanted:
            wanted.update(os.path.join(top, name) for name in folders)
        for name in files:
            path = os.path.join(top, name)
            below = top in wanted and not is_archive_name(name)
            if not below and path not in wanted and os.path.isfile(path):
                names.add(_outermost_unread(folder, path, used))
    return sorted(names)


def _outermost_unread(folder: Path, file: str, used: Collection[str]) -> str:
    """A file's outermost folder that is neither read nor around what is; the file, if none is."""
    parts = os.path.relpath(file, folder).split(os.sep)
    for end in range(1, len(parts)):
        if os.path.join(folder, *parts[:end]) not in used:
            return "/".join(parts[:end]) + "/"
    return "/".join(parts)

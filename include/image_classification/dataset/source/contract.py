"""The contract of layouts: a layout opens a raw source as a `Source`.

A layout is a function of the source's folder and the selected classes. It finds the files, reads
the labels, and fails if the source as a whole is unusable. Photos are read later, as a stream:
every archive once, photo by photo, without extracting files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.contracts.dataset import Box, Split
from include.image_classification.dataset.archives.member import (
    MAX_MEMBER_BYTES,
    Member,
    MemberError,
)
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.classes import choose_classes
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo

__all__ = ["MAX_PHOTO_BYTES", "Source", "choose_classes", "read_member"]

MAX_PHOTO_BYTES = MAX_MEMBER_BYTES


@dataclass(frozen=True)
class Source:
    """An opened raw source, whose photos have not been read yet.

    Attributes:
        classes: Class names in label order.
        entries: All entries of the source, as a stream that can be read once: photos with their
            bytes, and entries that are quarantined without being read.
        files: The files and folders that are read, relative to the source.
        accounting: The account of all files, complete when the entries have been read.
        notes: What was detected, and why, for the log and the record.
        held_out: Whether the source is known to assign photos to the validation or test split.
    """

    classes: Sequence[str]
    entries: Iterator[Photo | Quarantined]
    files: Sequence[str]
    accounting: Accounting
    notes: Sequence[str] = ()
    held_out: bool = False

    @property
    def left_alone(self) -> list[str]:
        """The names of the files that are not read, complete when the entries have been read."""
        return self.accounting.left_alone.names()


@dataclass(frozen=True)
class Contents:
    """What a layout reads of a source, found without reading photos.

    Attributes:
        read: The files and folders that are read. Of a folder, the photos are read.
        held_out: Whether the source assigns photos to the validation or test split.
        notes: What was detected, for messages.
    """

    read: Sequence[Path]
    held_out: bool = False
    notes: Sequence[str] = ()


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

"""What an archive holds of Stanford Cars: sets of photos in folders, and label files.

People pack the dataset in one archive: Kaggle's archive.zip with cars_train/cars_train, fastai's
stanford-cars.tgz with both photo folders.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import read_members
from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.file_kinds import is_photo_name
from include.image_classification.dataset.stanford.published import (
    ANNOTATION_FILES,
    MAT_FILES,
    published_name,
)

MAX_MAT_BYTES = 64 << 20
PEEKED_MEMBERS = 1000


@dataclass(frozen=True)
class ArchiveContent:
    """The content of an archive.

    Attributes:
        path: The archive.
        sets: The sets of photos in it, by their published names.
        mats: The content of the known label files, by published name.
    """

    path: Path
    sets: Sequence[str]
    mats: dict[str, bytes]


def read_archive(path: Path) -> ArchiveContent:
    """Read the names of an archive's files, and its label files.

    Raises:
        CommandError: The archive cannot be read, or a label file is too large.
    """
    sets: set[str] = set()
    mats: dict[str, bytes] = {}
    for member in read_members(path):
        if photo_set := set_of(member.path):
            sets.add(photo_set)
        name = published_name(PurePosixPath(member.path).name)
        if name in MAT_FILES and not member.problem:
            mats[name] = _read_mat(member)
    return ArchiveContent(path, [name for name in ANNOTATION_FILES if name in sets], mats)


def peek_stanford_file(path: Path) -> str | None:
    """Return the first file of an archive that is a photo or label file of Stanford Cars.

    Only the first files are read, and an archive that cannot be read has none.
    """
    with suppress(CommandError):
        for member in islice(read_members(path), PEEKED_MEMBERS):
            name = PurePosixPath(member.path).name
            if set_of(member.path) or published_name(name) in MAT_FILES:
                return member.path
    return None


def set_of(path: str) -> str | None:
    """Return the set of a photo that is directly in a folder named after it, or None."""
    folder = PurePosixPath(path).parent.name
    return folder if folder in ANNOTATION_FILES and is_photo_name(path) else None


def check_mat_size(name: str, size: int) -> None:
    """Check the size of a label file.

    Raises:
        CommandError: The file is too large.
    """
    if size > MAX_MAT_BYTES:
        raise CommandError(
            f"{name} has {size} bytes, over the limit of {MAX_MAT_BYTES}; download the devkit again"
        )


def _read_mat(member: Member) -> bytes:
    check_mat_size(PurePosixPath(member.path).name, member.size)
    return member.read()

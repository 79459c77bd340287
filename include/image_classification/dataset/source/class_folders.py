"""Layout `class_folders`: a photo's class is the name of its folder.

Class folders may be plain or in archives, at any depth. An archive counts as a folder with its
name: `cats.zip` with photos at its top level is the class `cats`, and `val.zip` with class folders
is a folder `val` of class folders. Parent folders named train, val or test determine the split; a
class may occur in several of them.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem, read_members
from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.contract import (
    Source,
    choose_classes,
    find_ignored,
    outer_members,
    read_member,
)
from include.image_classification.dataset.source.split_names import (
    held_out,
    split_in_name,
    split_in_path,
)
from include.image_classification.dataset.source.survey import (
    Survey,
    is_photo_name,
    photo_tops,
    survey,
)
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo


def open_class_folders(folder: Path, selected_classes: str | None) -> Source:
    """Open a source of class folders; classes are numbered by name.

    Raises:
        CommandError: There are no photos in folders, a folder is empty, an archive is damaged, or a
            selected class does not exist.
    """
    found = survey(folder)
    nested: list[str] = []
    folders = _Folders.of(_photos(found, nested))
    if not folders.classes:
        raise CommandError(
            "the source has no photos in class folders; put each class's photos in a folder named"
            " after it, plain or in a .zip or .tgz"
        )
    _refuse_empty_folders(folder)
    classes = choose_classes(sorted(folders.classes), selected_classes)
    read = [*found.archives, *photo_tops(found)]
    return Source(
        classes=classes,
        entries=_entries(found, classes, folders),
        files=[found.name(path) for path in read],
        ignored=sorted([*find_ignored(folder, read), *nested]),
    )


@dataclass(frozen=True)
class _Folders:
    """The folders of a source.

    Attributes:
        classes: The names of the class folders.
        around: The parent folders of class folders that are named after a split.
    """

    classes: frozenset[str]
    around: frozenset[str]

    @classmethod
    def of(cls, photos: Iterator[tuple[str, Member]]) -> "_Folders":
        """Find the folders from the paths of readable photos."""
        holding = {posixpath.dirname(path) for path, member in photos if not member.problem}
        folders = {PurePosixPath(folder) for folder in holding}
        parents = {parent for folder in folders for parent in folder.parents}
        around = frozenset(parent for parent in parents if split_in_name(parent.name))
        names = {folder.name for folder in folders - around}
        return cls(frozenset(names - {""}), frozenset(map(str, around)))

    def class_of(self, path: str) -> str | None:
        """Return the class of a photo, or None if it is not in a class folder."""
        folder = posixpath.dirname(path)
        return None if folder in self.around else posixpath.basename(folder) or None


def _entries(found: Survey, classes: list[str], folders: _Folders) -> Iterator[Photo | Quarantined]:
    labels = {name: label for label, name in enumerate(classes)}
    for path, member in _photos(found, nested=[]):
        name = folders.class_of(path)
        if member.problem or name in labels:
            split = held_out(split_in_path(path.split("/")[:-2]))
            yield read_member(path, labels.get(name or "", 0), member, split=split)
        elif name not in folders.classes:
            yield Quarantined(path, None, "unlisted-file", "it is not in a class folder")


def _photos(found: Survey, nested: list[str]) -> Iterator[tuple[str, Member]]:
    for archive in found.archives:
        stem = archive_stem(archive) or archive.name
        around = archive.relative_to(found.folder).parent.as_posix()
        prefix = "" if around == "." else f"{around}/"
        for member in outer_members(archive, found.name(archive), nested):
            if is_photo_name(member.path):
                top = "" if member.path.startswith(f"{stem}/") else f"{stem}/"
                yield f"{prefix}{top}{member.path}", member
    for member in read_members(found.folder):
        if is_photo_name(member.path):
            yield member.path, member


def _refuse_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not any(path.iterdir()):
            raise CommandError(
                f"the class folder {path.relative_to(folder).as_posix()} has no images; add images"
                " or remove the folder"
            )

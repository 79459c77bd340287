"""The layout in which a photo's class is the name of the folder that holds it.

The folders may be plain or in archives, with any folders around them (`train/`, `photos/`). An
archive stands for a folder of its own name: `cats.zip` with photos at its top is the class `cats`.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives import Member, archive_stem, members
from include.image_classification.dataset.manifest import Quarantined
from include.image_classification.dataset.photo_check import Photo
from include.image_classification.dataset.source import (
    Source,
    choose_classes,
    find_archives,
    is_photo_name,
    left_alone,
    read_member,
)


def open_class_folders(folder: Path, wanted_classes: str | None) -> Source:
    """Open a source of class folders; classes are numbered by name.

    Raises:
        ProgramError: There are no photos in folders, a folder is empty, an archive is damaged,
            or the wanted classes are not there.
    """
    archives = find_archives(folder)
    names = {_class_of(path) for path, member in _photos(folder, archives) if not member.problem}
    names.discard("")
    if not names:
        raise ProgramError(
            "the source has no photos in class folders; put each class's photos in a folder named"
            " after it, plain or in a .zip or .tgz"
        )
    _refuse_empty_folders(folder)
    classes = choose_classes(sorted(names), wanted_classes)
    files = [archive.relative_to(folder).as_posix() for archive in archives]
    read = list(archives)
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and any(is_photo_name(member.path) for member in members(entry)):
            files.append(f"{entry.name}/")
            read.append(entry)
        elif is_photo_name(entry.name):
            files.append(entry.name)
            read.append(entry)
    entries = _entries(folder, archives, classes, all_classes=frozenset(names))
    return Source(classes, entries, files, left_alone(folder, read))


def _entries(
    folder: Path, archives: list[Path], classes: list[str], all_classes: frozenset[str]
) -> Iterator[Photo | Quarantined]:
    labels = {name: label for label, name in enumerate(classes)}
    for path, member in _photos(folder, archives):
        name = _class_of(path)
        if name in labels or member.problem:
            yield read_member(path, labels.get(name, 0), member)
        elif name not in all_classes:
            yield Quarantined(path, None, "unlisted-file", "it lies in no class folder")


def _photos(folder: Path, archives: list[Path]) -> Iterator[tuple[str, Member]]:
    for archive in archives:
        for member in members(archive):
            if is_photo_name(member.path):
                yield _path_in_source(folder, archive, member.path), member
    for member in members(folder):
        if is_photo_name(member.path):
            yield member.path, member


def _path_in_source(folder: Path, archive: Path, path: str) -> str:
    stem = archive_stem(archive) or archive.name
    if not path.startswith(f"{stem}/"):
        path = f"{stem}/{path}"
    return (PurePosixPath(archive.relative_to(folder).parent.as_posix()) / path).as_posix()


def _class_of(path: str) -> str:
    return PurePosixPath(path).parent.name


def _refuse_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not any(path.iterdir()):
            raise ProgramError(
                f"the class folder {path.relative_to(folder).as_posix()} has no images; add some"
                " or remove the folder"
            )

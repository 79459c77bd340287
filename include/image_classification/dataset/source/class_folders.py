"""Layout `class_folders`: a photo's class is the name of a folder.

Class folders may be plain or in archives, at any depth. An archive counts as a folder with its
name: `cats.zip` with photos at its top level is the class `cats`, and `val.zip` with class folders
is a folder `val` of class folders. `folder_classes` has the rule for what is a class folder, and
which folders determine the split; a class may occur in several of them.
"""

import posixpath
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.formats import archive_format
from include.image_classification.dataset.archives.member import Member, normalize
from include.image_classification.dataset.archives.system_names import is_system_path
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.classes import class_parts
from include.image_classification.dataset.source.contract import (
    Contents,
    Source,
    choose_classes,
    read_member,
)
from include.image_classification.dataset.source.file_kinds import is_photo
from include.image_classification.dataset.source.folders.folder_classes import (
    FIX,
    FolderClasses,
    classify_folders,
)
from include.image_classification.dataset.source.folders.folder_names import folder_kind
from include.image_classification.dataset.source.inventory import describe_files
from include.image_classification.dataset.source.members import (
    archive_folder,
    archived_members,
    relative_name,
    source_members,
)
from include.image_classification.dataset.source.survey import Survey, photo_tops, survey
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo


def open_class_folders(folder: Path, selected_classes: str | None) -> Source:
    """Open a source of class folders; classes are numbered by name.

    Raises:
        CommandError: There are no photos in class folders, a folder is empty, an archive is
            damaged, or a selected class does not exist.
    """
    found = survey(folder)
    folders = find_folders(found, selected_classes)
    refuse_empty_folders(found)
    classes = choose_classes(sorted(folders.classes), selected_classes)
    accounting = Accounting(folder)
    return Source(
        classes=classes,
        entries=_entries(found, classes, folders, accounting),
        files=[found.name(path) for path in files_read(found)],
        accounting=accounting,
        notes=[*_held_out(folders), *folders.notes, *_unicode_forms(found)],
        held_out=any(folders.splits.values()),
    )


def inspect_class_folders(found: Survey, selected_classes: str | None) -> Contents:
    """Return what the layout reads of a source.

    Raises:
        CommandError: There are no photos, no two class folders, or a folder is empty.
    """
    refuse_empty_folders(found)
    read = files_read(found)
    if any(archive_format(path) is None for path in found.archives):
        return Contents(read)  # opening the source names the damage
    folders = find_folders(found, selected_classes)
    choose_classes(sorted(folders.classes), selected_classes)
    held = _held_out(folders)
    return Contents(read, bool(held), [f"{len(folders.classes)} classes", *held, *folders.notes])


def _unicode_forms(found: Survey) -> list[str]:
    """Return a note on folders whose names look the same, which are read as one folder."""
    names = Counter(normalize(path.relative_to(found.folder).as_posix()) for path in found.folders)
    return [
        f"{count} folders are read as {name}/: their names differ only in their Unicode form"
        for name, count in names.items()
        if count > 1
    ]


def _held_out(folders: FolderClasses) -> list[str]:
    """Return a note on the folders whose photos are not for training."""
    held = sorted(name for name, split in folders.splits.items() if split)
    if not held:
        return []
    return [f"{len(held)} folders have photos for {folders.splits[held[0]]}, such as {held[0]}/"]


def files_read(found: Survey) -> list[Path]:
    """Return the archives and the top-level folders and files that are read."""
    return [*found.archives, *photo_tops(found)]


def find_folders(found: Survey, selected_classes: str | None = None) -> FolderClasses:
    """Return the classes of the folders that hold photos.

    Raises:
        CommandError: No folder is a class; the message names what is there, and the fix.
    """
    holding = {relative_name(found, folder) for folder in found.photo_folders}
    unsafe = 0
    for path, member in archived_members(found, Accounting(found.folder)):
        if not is_photo(member):
            continue
        unsafe += bool(member.problem)
        if not member.problem:
            holding.add(posixpath.dirname(path))
    archives = [archive_folder(found, path) for path in found.archives]
    folders = classify_folders(holding, archives, class_parts(selected_classes or ""))
    if not folders.classes:
        raise CommandError(_no_classes(found, folders, holding, unsafe))
    return folders


def _no_classes(
    found: Survey, folders: FolderClasses, holding: Collection[str], unsafe: int
) -> str:
    if folders.parts:
        names = ", ".join(f"{name}/" for name in sorted(folders.parts)[:3])
        reason = folders.parts[min(folders.parts)]
        return (
            "the source has photos, but no class folders: the only folders with photos are"
            f" {names}, and such a folder {reason}; {FIX}"
        )
    if holding:
        return (
            "the source has photos, but none is in a class folder; put each class's photos in a"
            " folder named after it, plain or in a .zip or .tgz"
        )
    refused = (
        f"{unsafe} photos are links or have paths outside their archive, which are not read; "
        if unsafe
        else ""
    )
    return (
        f"the source has no photos in class folders ({refused}{describe_files(found)}); put each"
        " class's photos in a folder named after it, plain or in a .zip or .tgz"
    )


def _entries(
    found: Survey, classes: list[str], folders: FolderClasses, accounting: Accounting
) -> Iterator[Photo | Quarantined]:
    labels = {name: label for label, name in enumerate(classes)}
    for path, member in _photos(found, accounting):
        folder = posixpath.dirname(path)
        name = folders.folders.get(folder)
        if member.problem or name in labels:
            accounting.take()
            split = folders.splits.get(folder)
            yield read_member(path, labels.get(name or "", 0), member, split=split)
        elif name is None:
            accounting.take()
            yield Quarantined(path, None, "unlisted-file", folders.refusal(folder))


def _photos(found: Survey, accounting: Accounting) -> Iterator[tuple[str, Member]]:
    """Yield the photos with their paths in the source, those of archives first."""
    return (
        (path, member) for path, member in source_members(found, accounting) if is_photo(member)
    )


def refuse_empty_folders(found: Survey) -> None:
    """Check that no folder is empty, because it may be that of a class.

    Raises:
        CommandError: A folder is empty, or has only files of systems.
    """
    for path in found.folders:
        empty = all(is_system_path(below.name) for below in path.iterdir())
        if empty and folder_kind(path.name) == "class":
            raise CommandError(
                f"the class folder {found.name(path).rstrip('/')} has no images; add images or"
                " remove the folder"
            )

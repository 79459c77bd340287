"""Detect the layout of the user's folder and select the files to upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.archives.member import normalize
from include.image_classification.dataset.source.image_lists import files_read
from include.image_classification.dataset.source.list_roots import find_roots
from include.image_classification.dataset.source.survey import Survey, is_photo_name, survey
from include.image_classification.dataset.stanford.files import find_stanford_files
from include.local_run.errors import usage_error

Layout = Literal["stanford_cars", "class_folders", "list"]
PHOTO_SETS = ("cars_train", "car_ims")
INCOMING = "incoming"
INCOMING_LABELS = "incoming_labels.json"


@dataclass(frozen=True)
class SourceFiles:
    """Files of a folder.

    Attributes:
        folder: The folder that the paths are relative to.
        layout: Layout as in the pipeline's YAML (`source.layout`).
        upload: Relative paths of the files that the dataset refresh reads.
        ignored_files: Relative paths of the other files; a folder that has only such files is
            listed once, with a slash at the end.
    """

    folder: Path
    layout: Layout
    upload: tuple[str, ...]
    ignored_files: tuple[str, ...]


def inspect_folder(folder: Path, devkit: str | None = None) -> SourceFiles:
    """Return the layout and files of the user's folder.

    Args:
        folder: The folder.
        devkit: Path of the devkit in the folder, if the pipeline sets it.

    Raises:
        RunError: The folder is missing or empty, has no labels or an unknown layout.
    """
    files = _files(folder)
    found = survey(folder, without=frozenset({INCOMING, INCOMING_LABELS}))
    if _has_devkit(files) or _has_photo_set(found):
        return _stanford(found, files, devkit)
    if found.lists:
        return _lists(found, files)
    return _class_folders(folder, files)


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        raise usage_error(f"DATA={folder} does not exist: give a folder with photos")
    if not folder.is_dir():
        raise usage_error(f"DATA={folder} is a file: put it into a folder and give the folder")
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _is_hidden(path.relative_to(folder))
    ]
    files = [path for path in found if not _is_incoming(path.relative_to(folder))]
    if not files:
        raise usage_error(f"DATA={folder} is empty: put photos into it, one folder for each class")
    for path in files:
        if "\\" in (name := normalize(path.relative_to(folder).as_posix())):
            raise usage_error(f"DATA={folder}: {name} is not a valid name in S3: rename the file")
    return files


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _is_incoming(path: Path) -> bool:
    return path.parts[0] == INCOMING or path.name == INCOMING_LABELS


def _has_devkit(files: list[Path]) -> bool:
    return any(
        path.suffix.lower() == ".mat"
        or ("devkit" in path.name.lower() and archive_stem(path) is not None)
        for path in files
    )


def _has_photo_set(found: Survey) -> bool:
    archives = {archive_stem(path) for path in found.archives}
    folders = {path.name for path in found.folders if path.parent == found.folder}
    return any(name in archives or name in folders for name in PHOTO_SETS)


def _stanford(found: Survey, files: list[Path], devkit: str | None) -> SourceFiles:
    try:
        wanted = find_stanford_files(found, devkit).read
    except CommandError as error:
        raise usage_error(f"DATA={found.folder}: {error}") from error
    return _sorted_files(found.folder, "stanford_cars", files, _below(files, wanted))


def _lists(found: Survey, files: list[Path]) -> SourceFiles:
    try:
        wanted = files_read(found, find_roots(found))
    except CommandError as error:
        raise usage_error(f"DATA={found.folder}: {error}") from error
    read = _below(files, wanted)
    if not any(is_photo_name(path.name) or archive_stem(path) is not None for path in read):
        raise usage_error(
            f"DATA={found.folder} has lists, but no photos: add the folder or archive that the "
            "paths in the lists are relative to"
        )
    return _sorted_files(found.folder, "list", files, read)


def _below(files: list[Path], wanted: Sequence[Path]) -> list[Path]:
    """Return the files that `wanted` lists, and the photos in folders that it lists."""
    return [
        file
        for file in files
        if file in wanted
        or (is_photo_name(file.name) and any(folder in file.parents for folder in wanted))
    ]


def _class_folders(folder: Path, files: list[Path]) -> SourceFiles:
    archives = [path for path in files if archive_stem(path) is not None]
    photos = [path for path in files if is_photo_name(path.name)]
    if not archives and not photos:
        raise usage_error(
            f"DATA={folder} has no photos: put the photos of each class into a folder with "
            "the class's name, or add cars_train.tgz and car_devkit.tgz in Stanford's layout"
        )
    if not archives and all(path.parent == folder for path in photos):
        raise usage_error(
            f"DATA={folder} has photos, but no labels: put the photos of each class into a "
            "folder with the class's name, or add Stanford's devkit"
        )
    empty = _empty_folders(folder, files)
    if empty:
        raise usage_error(
            f"DATA={folder}: class {empty[0]} has no photos: add photos to its folder, or delete "
            "the folder"
        )
    wanted = archives + [path for path in photos if path.parent != folder]
    return _sorted_files(folder, "class_folders", files, wanted)


def _empty_folders(folder: Path, files: list[Path]) -> list[str]:
    """Return folders without files below them, which an upload to S3 would leave out."""
    filled = {parent for path in files for parent in path.parents}
    folders = sorted(path for path in folder.rglob("*") if path.is_dir() and path not in filled)
    names = [path.relative_to(folder) for path in folders]
    return [str(name) for name in names if not (_is_hidden(name) or _is_incoming(name))]


def _sorted_files(
    folder: Path, layout: Layout, files: list[Path], wanted: list[Path]
) -> SourceFiles:
    upload = sorted(path.relative_to(folder).as_posix() for path in set(wanted))
    used_folders = {name.split("/")[0] for name in upload}
    others = set()
    for path in set(files) - set(wanted):
        parts = path.relative_to(folder).parts
        whole_folder = len(parts) > 1 and parts[0] not in used_folders
        others.add(f"{parts[0]}/" if whole_folder else "/".join(parts))
    return SourceFiles(folder, layout, tuple(upload), tuple(sorted(others)))

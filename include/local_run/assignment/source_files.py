"""Which layout a folder of the user's has, and which of its files are worth uploading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives import archive_stem
from include.image_classification.dataset.devkit import find_devkit
from include.image_classification.dataset.source import is_photo_name
from include.local_run.errors import usage

Layout = Literal["stanford_cars", "class_folders"]
PHOTO_SET = "cars_train"
INCOMING = "incoming"
INCOMING_LABELS = "incoming_labels.json"


@dataclass(frozen=True)
class SourceFiles:
    """A folder's files, sorted by use.

    Attributes:
        folder: What the paths are relative to.
        layout: As the pipeline's YAML names it.
        upload: Relative paths of the files that the refresh reads.
        left_alone: Names of the others; a folder of nothing else is named once, with a slash.
    """

    folder: Path
    layout: Layout
    upload: tuple[str, ...]
    left_alone: tuple[str, ...]


def look_at(folder: Path) -> SourceFiles:
    """Looks at a folder of the user's.

    Raises:
        RunError: It is missing or empty, has no labels, or no layout that is known: one line.
    """
    files = _files(folder)
    if _has_devkit(files) or _has_photo_set(folder, files):
        return _stanford(folder, files)
    return _class_folders(folder, files)


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        raise usage(f"DATA={folder} does not exist: name a folder with photos")
    if not folder.is_dir():
        raise usage(f"DATA={folder} is a file: put it in a folder and name that")
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _is_hidden(path.relative_to(folder))
    ]
    own = [path for path in found if not _is_incoming(path.relative_to(folder))]
    if not own:
        raise usage(f"DATA={folder} is empty: put photos in it, one folder a class")
    return own


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


def _has_photo_set(folder: Path, files: list[Path]) -> bool:
    return (folder / PHOTO_SET).is_dir() or any(archive_stem(f) == PHOTO_SET for f in files)


def _stanford(folder: Path, files: list[Path]) -> SourceFiles:
    try:
        devkit = find_devkit(folder)
    except ProgramError as error:
        raise usage(f"DATA={folder}: {error}") from error
    photos = _photo_set(folder, files)
    wanted = [f for f in files if any(f == path or path in f.parents for path in (devkit, photos))]
    if devkit.is_dir():
        wanted = [f for f in wanted if f.suffix == ".mat" or f == photos or photos in f.parents]
    return _sorted_files(folder, "stanford_cars", files, wanted)


def _photo_set(folder: Path, files: list[Path]) -> Path:
    archives = [path for path in files if archive_stem(path) == PHOTO_SET]
    folders = sorted({p for f in files for p in f.parents if p.name == PHOTO_SET and p != folder})
    loose = sorted({path.parent for path in files if is_photo_name(path.name)})
    found = archives or folders or loose
    if not found:
        raise usage(f"DATA={folder} has no photos: put {PHOTO_SET}.tgz beside the devkit")
    if len(found) > 1:
        names = " and ".join(path.relative_to(folder).as_posix() for path in found[:3])
        raise usage(
            f"DATA={folder}: the photos may be in {names}: keep one, or call the right one "
            f"{PHOTO_SET}"
        )
    return found[0]


def _class_folders(folder: Path, files: list[Path]) -> SourceFiles:
    archives = [path for path in files if archive_stem(path) is not None]
    photos = [path for path in files if is_photo_name(path.name)]
    if not archives and not photos:
        raise usage(
            f"DATA={folder} has no photos: put each class's photos in a folder named after it, "
            "or add cars_train.tgz and car_devkit.tgz in Stanford's layout"
        )
    if not archives and all(path.parent == folder for path in photos):
        raise usage(
            f"DATA={folder} has photos, but nothing says what they show: put each class's "
            "photos in a folder named after it, or add Stanford's devkit"
        )
    empty = _empty_folders(folder, files)
    if empty:
        raise usage(
            f"DATA={folder}: the class {empty[0]} has no photos: put some in its folder, or remove "
            "the folder"
        )
    wanted = archives + [path for path in photos if path.parent != folder]
    return _sorted_files(folder, "class_folders", files, wanted)


def _empty_folders(folder: Path, files: list[Path]) -> list[str]:
    """Folders without any file below them: S3 would not even know that they were there."""
    filled = {parent for path in files for parent in path.parents}
    folders = sorted(path for path in folder.rglob("*") if path.is_dir() and path not in filled)
    names = [path.relative_to(folder) for path in folders]
    return [str(name) for name in names if not (_is_hidden(name) or _is_incoming(name))]


def _sorted_files(
    folder: Path, layout: Layout, files: list[Path], wanted: list[Path]
) -> SourceFiles:
    upload = sorted(path.relative_to(folder).as_posix() for path in set(wanted))
    used_tops = {name.split("/")[0] for name in upload}
    others = set()
    for path in set(files) - set(wanted):
        parts = path.relative_to(folder).parts
        whole_folder = len(parts) > 1 and parts[0] not in used_tops
        others.add(f"{parts[0]}/" if whole_folder else "/".join(parts))
    return SourceFiles(folder, layout, tuple(upload), tuple(sorted(others)))

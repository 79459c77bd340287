"""Survey of a raw source's folder: its files by kind, found in one walk."""

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem, is_hidden

# By name: files with other content than JPEG and PNG are quarantined, not silently skipped.
PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic"}
)


@dataclass(frozen=True)
class Survey:
    """The content of a source's folder. Paths are absolute and sorted; hidden files are omitted.

    Attributes:
        folder: The source.
        archives: The archives.
        mats: The MATLAB files.
        lists: The .lst files.
        folders: All subfolders.
        photo_folders: The folders, including the source itself, that directly contain photos.
    """

    folder: Path
    archives: tuple[Path, ...]
    mats: tuple[Path, ...]
    lists: tuple[Path, ...]
    folders: tuple[Path, ...]
    photo_folders: tuple[Path, ...]

    def name(self, path: Path) -> str:
        """Return a path for messages: relative to the source, folders with a trailing slash."""
        relative = path.relative_to(self.folder).as_posix()
        return f"{relative}/" if path.is_dir() else relative

    def names(self, paths: list[Path]) -> str:
        """Return the first three paths for messages."""
        return " and ".join(self.name(path) for path in paths[:3])


def survey(folder: Path, without: frozenset[str] = frozenset()) -> Survey:
    """Survey a source's folder.

    Args:
        folder: The source.
        without: Names of top-level folders and files to skip.
    """
    folders: list[Path] = []
    photo_folders: set[Path] = set()
    kinds: dict[str, list[Path]] = {"archive": [], ".mat": [], ".lst": []}
    for path in _walk(folder, without):
        if path.is_dir():
            folders.append(path)
        elif is_photo_name(path.name):
            photo_folders.add(path.parent)
        else:
            kind = "archive" if archive_stem(path) is not None else path.suffix.lower()
            kinds.get(kind, []).append(path)
    archives, mats, lists = (tuple(sorted(paths)) for paths in kinds.values())
    return Survey(folder, archives, mats, lists, tuple(folders), tuple(sorted(photo_folders)))


def photo_tops(found: Survey) -> list[Path]:
    """Return the top-level entries of a source that are photos or folders with photos."""
    tops = {
        found.folder / folder.relative_to(found.folder).parts[0]
        for folder in found.photo_folders
        if folder != found.folder
    }
    if found.folder in found.photo_folders:
        tops |= {path for path in found.folder.iterdir() if _is_photo(path)}
    return sorted(tops)


def outermost(paths: list[Path]) -> list[Path]:
    """Return the paths that are not inside another of the paths."""
    return [path for path in paths if not any(other in path.parents for other in paths)]


def resolve_inside(folder: Path, named: str, setting: str) -> Path:
    """Return the file or folder that a setting names, relative to the source.

    Raises:
        CommandError: The path does not exist or is outside the source.
    """
    path = folder / named
    if PurePosixPath(named).is_absolute() or ".." in PurePosixPath(named).parts:
        raise CommandError(f"{setting} names {named!r}, which is not inside the source")
    if not path.exists():
        raise CommandError(f"{setting} names {named!r}, but the source has no such file or folder")
    return path


def is_photo_name(path: str) -> bool:
    """Return whether a file's suffix is that of a photo."""
    return posixpath.splitext(path)[1].lower() in PHOTO_SUFFIXES


def _is_photo(path: Path) -> bool:
    return is_photo_name(path.name) and not is_hidden(path.name)


def _walk(folder: Path, without: frozenset[str]) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name in without or is_hidden(entry.name):
            continue
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), frozenset())

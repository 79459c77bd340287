"""Survey of a raw source's folder: its files by kind, found in one walk."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem, is_archive_name
from include.image_classification.dataset.archives.formats import archive_format
from include.image_classification.dataset.archives.system_names import is_system_name
from include.image_classification.dataset.source.file_kinds import (
    is_other_name,
    is_photo_name,
    is_photo_start,
)

LABEL_SUFFIXES = (
    ".mat", ".lst", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".manifest", ".parquet",
)  # fmt: skip

MAX_LABEL_FILES = 1000
"""More files of one kind in one folder are not label files; each may annotate one photo."""


@dataclass(frozen=True)
class Survey:
    """The content of a source's folder, without files of systems. Paths are absolute and sorted.

    Attributes:
        folder: The source.
        archives: The archives: by their suffix, or at the top by their content.
        labels: The files that may have labels.
        folders: All subfolders.
        photo_folders: The folders, including the source itself, that directly contain photos.
        links: The links, which are not followed.
        suffixes: The number of files by suffix, in lower case.
        without: The names of top-level folders and files that are not part of the source.
    """

    folder: Path
    archives: tuple[Path, ...]
    labels: tuple[Path, ...]
    folders: tuple[Path, ...]
    photo_folders: tuple[Path, ...]
    links: tuple[Path, ...]
    suffixes: Counter[str]
    without: frozenset[str] = frozenset()

    @property
    def mats(self) -> tuple[Path, ...]:
        """The MATLAB files."""
        return self.labels_with(".mat")

    @property
    def lists(self) -> tuple[Path, ...]:
        """The .lst files."""
        return self.labels_with(".lst")

    def labels_with(self, *suffixes: str) -> tuple[Path, ...]:
        """Return the files with one of these suffixes, of LABEL_SUFFIXES, that may have labels."""
        return tuple(path for path in self.labels if path.suffix.lower() in suffixes)

    def name(self, path: Path) -> str:
        """Return a path for messages: relative to the source, folders with a trailing slash."""
        relative = path.relative_to(self.folder).as_posix()
        return f"{relative}/" if path.is_dir() else relative

    def names(self, paths: Sequence[Path]) -> str:
        """Return the first three paths for messages."""
        return " and ".join(self.name(path) for path in paths[:3])


def survey(folder: Path, without: frozenset[str] = frozenset()) -> Survey:
    """Survey a source's folder.

    Args:
        folder: The source.
        without: Names of top-level folders and files to skip.
    """
    archives: list[Path] = []
    labels: list[Path] = []
    folders: list[Path] = []
    photo_folders: list[Path] = []
    links: list[Path] = []
    suffixes: Counter[str] = Counter()
    for path, entries in _walk(folder, without):
        folders += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        links += [Path(entry.path) for entry in entries if entry.is_symlink()]
        files = [entry for entry in entries if entry.is_file()]
        suffixes.update(_suffix(entry.name) for entry in files)
        top = path == folder
        archives += [Path(entry.path) for entry in files if _is_archive(entry, top)]
        labels += _label_files(files)
        if any(is_photo_file(entry.path) for entry in files):
            photo_folders.append(path)
    return Survey(
        folder=folder,
        archives=tuple(sorted(archives)),
        labels=tuple(sorted(labels)),
        folders=tuple(sorted(folders)),
        photo_folders=tuple(sorted(photo_folders)),
        links=tuple(sorted(links)),
        suffixes=suffixes,
        without=without,
    )


def photo_tops(found: Survey) -> list[Path]:
    """Return the top-level entries of a source that are photos or folders with photos."""
    tops = {
        found.folder / folder.relative_to(found.folder).parts[0]
        for folder in found.photo_folders
        if folder != found.folder
    }
    if found.folder in found.photo_folders:
        with os.scandir(found.folder) as entries:
            tops |= {Path(entry.path) for entry in entries if _is_photo_entry(entry)}
    return sorted(tops)


def outermost(paths: Sequence[Path]) -> list[Path]:
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


def _walk(
    folder: Path, without: frozenset[str] = frozenset()
) -> Iterator[tuple[Path, list["os.DirEntry[str]"]]]:
    """Yield each folder with its entries, without those of systems."""
    with os.scandir(folder) as found:
        entries = sorted(
            (entry for entry in found if entry.name not in without), key=lambda entry: entry.name
        )
    entries = [entry for entry in entries if not is_system_name(entry.name)]
    yield folder, entries
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))


def _is_photo_entry(entry: "os.DirEntry[str]") -> bool:
    return not is_system_name(entry.name) and entry.is_file() and is_photo_file(entry.path)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _label_files(files: Sequence["os.DirEntry[str]"]) -> list[Path]:
    found = [entry for entry in files if _suffix(entry.name) in LABEL_SUFFIXES]
    counts = Counter(_suffix(entry.name) for entry in found)
    return [Path(entry.path) for entry in found if counts[_suffix(entry.name)] <= MAX_LABEL_FILES]


def _is_archive(entry: "os.DirEntry[str]", top: bool) -> bool:
    if archive_stem(Path(entry.name)) is not None:
        return True
    unknown = not is_photo_name(entry.name) and not is_other_name(entry.name)
    return top and unknown and archive_format(Path(entry.path)) is not None


def is_photo_file(path: str) -> bool:
    """Return whether a file is a photo: by its suffix, or by its content if that is unknown."""
    if is_photo_name(path):
        return True
    if is_other_name(path) or is_archive_name(path):
        return False
    with open(path, "rb") as file:
        return is_photo_start(file.read(16))

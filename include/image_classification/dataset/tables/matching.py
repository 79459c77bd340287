"""Matching of the paths in a label file with the photos of the source."""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import normalize, path_problem
from include.image_classification.dataset.source.split_names import split_in_name
from include.image_classification.dataset.tables.options import FILES_SETTING
from include.image_classification.dataset.tables.photo_index import PhotoIndex

Scope = Callable[[str, str], bool]
"""Returns whether a photo counts for a path of the label file."""

_DRIVE = re.compile(r"[A-Za-z]:")


def unsafe_path(text: str) -> bool:
    """Return whether a path in a label file is absolute or leads out of the folder of photos."""
    return path_problem(text) is not None or _DRIVE.match(text) is not None


class Matcher:
    """Finds the photos that the rows of one label file name.

    Paths are relative to the first of these that has a photo of the file: the file's own folder; a
    folder or archive that is named like the file (train.csv: train/, train.zip), at any depth;
    anything below the file's folder; the whole source. Folders that all rows have in front and the
    source lacks are left out. Photos in folders of another split than the file's do not count.

    Args:
        index: The photos of the source.
        file: The path of the label file in the source.
        paths: The paths in the rows, safe and normalized.
        folder: The folder of the file, or "" for paths that are relative to the source.
    """

    def __init__(self, index: PhotoIndex, file: str, paths: Sequence[str], folder: str) -> None:
        self._index = index
        self._file = file
        self._folder = folder
        self._front, self._scope = self._choose(paths, _stem(file))

    def find(self, path: str) -> str | None:
        """Return the photo that a row names, or None if the source has none.

        Raises:
            CommandError: Several photos have this path.
        """
        found = self._find(path.removeprefix(self._front), self._scope)
        if len(found) > 1:
            raise CommandError(
                f"{self._file} names {path}, which may be {found[0]} or {found[1]}; put the file"
                f" into the folder that its paths are relative to, or leave it out with"
                f" {FILES_SETTING}"
            )
        return found[0] if found else None

    def _find(self, path: str, scope: Scope) -> list[str]:
        return self._index.find(path, lambda photo: scope(photo, path))

    def _choose(self, paths: Sequence[str], stem: str) -> tuple[str, Scope]:
        for front in _fronts(paths):
            for scope in self._scopes(stem):
                if any(self._find(path.removeprefix(front), scope) for path in paths):
                    return front, scope
        return "", lambda photo, path: False

    def _scopes(self, stem: str) -> list[Scope]:
        part = split_in_name(stem)
        below = f"{self._folder}/" if self._folder else ""

        def exact(photo: str, path: str) -> bool:
            return below + path in (photo, posixpath.splitext(photo)[0])

        def same_name(photo: str, _: str) -> bool:
            return any(
                folder.lower() == stem.lower()
                or (part is not None and split_in_name(folder) == part)
                for folder in photo.split("/")[:-1]
            )

        def no_other_part(photo: str, _: str) -> bool:
            parts = {split_in_name(folder) for folder in photo.split("/")[:-1]} - {None}
            return part is None or not parts or part in parts

        def below_file(photo: str, path: str) -> bool:
            return photo.startswith(below) and no_other_part(photo, path)

        return [exact, same_name, below_file, no_other_part]


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]


def _fronts(paths: Sequence[str]) -> Iterable[str]:
    """Return the leading folders that all paths share, from none to all of them."""
    folders = {path.rpartition("/")[0] for path in paths}
    shared = _shared([folder.split("/") if folder else [] for folder in folders])
    return ["".join(f"{part}/" for part in shared[:end]) for end in range(len(shared) + 1)]


def _shared(folders: Sequence[Sequence[str]]) -> list[str]:
    shared = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


def normal_path(text: str) -> str:
    """Return a row's path with forward slashes; an empty one stays empty."""
    return normalize(text) if text else ""

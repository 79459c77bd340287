"""Lookup of a source's photos by name."""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from include.image_classification.dataset.source.file_kinds import is_photo_name


@dataclass
class PhotoIndex:
    """Photos of a source by file name.

    Attributes:
        by_name: The paths of photos by file name; a name that occurs once has one path.
    """

    by_name: dict[str, str | list[str]]
    _by_stem: dict[str, str | list[str]] | None = None

    def knows(self, text: str) -> bool:
        """Return whether a text ends with the file name of a photo, with or without its suffix."""
        return bool(self._named(text.replace("\\", "/")))

    def find(self, path: str, scope: Callable[[str], bool]) -> list[str]:
        """Return the photos in a scope whose path ends with `path`, with or without the suffix.

        Args:
            path: A relative path with forward slashes.
            scope: Returns whether a photo counts.
        """
        return [photo for photo in self._named(path) if _ends_with(photo, path) and scope(photo)]

    def __iter__(self) -> Iterator[str]:
        """Yield the paths of all photos."""
        for paths in self.by_name.values():
            yield from [paths] if isinstance(paths, str) else paths

    def _named(self, path: str) -> list[str]:
        name = path.rpartition("/")[2].strip()
        if not name:
            return []
        found = self.by_name.get(name, [])
        if not found and not is_photo_name(name):
            found = self._stems().get(name, [])
        return [found] if isinstance(found, str) else found

    def _stems(self) -> dict[str, str | list[str]]:
        if self._by_stem is None:
            self._by_stem = {}
            for path in self:
                _add(self._by_stem, posixpath.splitext(posixpath.basename(path))[0], path)
        return self._by_stem


def index_photos(paths: Iterator[str]) -> PhotoIndex:
    """Return an index of photos' paths."""
    by_name: dict[str, str | list[str]] = {}
    for path in paths:
        _add(by_name, posixpath.basename(path), path)
    return PhotoIndex(by_name)


def _add(index: dict[str, str | list[str]], name: str, path: str) -> None:
    # Most names occur once: a list for each would take more memory than the paths.
    known = index.setdefault(name, path)
    if isinstance(known, list):
        known.append(path)
    elif known != path:
        index[name] = [known, path]


def _ends_with(photo: str, path: str) -> bool:
    """Return whether a photo's path ends with a path, with or without the photo's suffix."""
    stem = posixpath.splitext(photo)[0]
    return path in (photo, stem) or photo.endswith(f"/{path}") or stem.endswith(f"/{path}")

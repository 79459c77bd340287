"""Content-addressed files: stored once, under their hash."""

import os
import threading
from collections.abc import Collection
from pathlib import Path

from include.image_classification.dataset.version.atomic_files import (
    remove_partial_files,
    write_atomically,
)


class ImageStore:
    """The new files of a refresh, in addition to those stored by earlier refreshes.

    Several threads may use it. Files of a crashed refresh are written again, because their content
    is unknown.

    Args:
        folder: The folder of new files.
        held: Keys of files that are already stored and are not written again.
    """

    def __init__(self, folder: Path, held: Collection[str]) -> None:
        self._folder = folder
        self._held = frozenset(held)
        self._put: set[str] = set()
        self._created: set[str] = set()
        self._lock = threading.Lock()
        remove_partial_files(folder)

    def put(self, key: str, data: bytes) -> None:
        """Store a file, unless it is already stored."""
        if self._is_new(key):
            path = os.path.join(self._folder, key)
            self._make_folder(os.path.dirname(path))
            write_atomically(path, data)

    def _is_new(self, key: str) -> bool:
        if key in self._held:
            return False
        with self._lock:
            new = key not in self._put
            self._put.add(key)
        return new

    def _make_folder(self, folder: str) -> None:
        if folder not in self._created:
            os.makedirs(folder, exist_ok=True)
            self._created.add(folder)

    def discard(self, keys: Collection[str]) -> None:
        """Remove new files that are not part of the dataset after all."""
        for key in set(keys) - self._held:
            (self._folder / key).unlink(missing_ok=True)

    def path(self, key: str) -> Path | None:
        """Return the path of a new file, or None if the file was stored earlier."""
        return self._folder / key if key in self._put else None

"""Files by content: each stored once, under its hash, with the source's bytes."""

import os
import threading
from collections.abc import Collection
from pathlib import Path

from include.image_classification.dataset.version.atomic_files import remove_parts, write_whole


class ImageStore:
    """New files of a refresh, in a folder that is laid over those stored before.

    Many threads may use it at a time. What a refresh that died left there is written again: it
    may be anything.

    Args:
        folder: Where new files go.
        held: Keys of files that are stored already and are not written again.
    """

    def __init__(self, folder: Path, held: Collection[str]) -> None:
        self._folder = folder
        self._held = frozenset(held)
        self._put: set[str] = set()
        self._made: set[str] = set()
        self._lock = threading.Lock()
        remove_parts(folder)

    def put(self, key: str, data: bytes) -> None:
        """Store a file's bytes, unless they are held."""
        if self._is_new(key):
            path = os.path.join(self._folder, key)
            self._make_folder(os.path.dirname(path))
            write_whole(path, data)

    def _is_new(self, key: str) -> bool:
        with self._lock:
            new = key not in self._held and key not in self._put
            self._put.add(key)
        return new

    def _make_folder(self, folder: str) -> None:
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)

    def discard(self, keys: Collection[str]) -> None:
        """Remove new files that have turned out not to be part of the data set."""
        for key in set(keys) - self._held:
            (self._folder / key).unlink(missing_ok=True)

    def path(self, key: str) -> Path | None:
        """Where a new file is, or None where it was held before."""
        return self._folder / key if key in self._put - self._held else None

"""Images by content: each stored once, under its hash, with the source's bytes."""

from collections.abc import Collection
from pathlib import Path


class ImageStore:
    """New images of a refresh, in a folder that is laid over those stored before.

    It is picklable, so that the processes that check photos also store them.

    Args:
        folder: Where new images go.
        held: Keys of images that are stored already and are not written again.
    """

    def __init__(self, folder: Path, held: Collection[str]) -> None:
        self._folder = folder
        self._held = frozenset(held)

    def put(self, key: str, data: bytes) -> None:
        """Store an image's bytes, unless they are held."""
        path = self._folder / key
        if key not in self._held and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def discard(self, keys: Collection[str]) -> None:
        """Remove new images that have turned out not to be part of the data set."""
        for key in set(keys) - self._held:
            (self._folder / key).unlink(missing_ok=True)

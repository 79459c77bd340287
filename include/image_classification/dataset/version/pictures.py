"""Selection of pictures for a version's page, and access to their bytes.

Images of the previous version are not among the job's inputs. Their bytes are available only while
photos are checked, so those that the page may show are copied then.
"""

from collections import defaultdict
from collections.abc import Iterable
from heapq import nsmallest
from pathlib import Path

from include.image_classification.dataset.version.image_store import ImageStore
from include.image_classification.dataset.version.manifest import Image, Quarantined
from include.image_classification.dataset.version.previous import PreviousVersion

SAMPLES, REFUSED, LOOK_ALIKES = 120, 60, 24

MOST_SAMPLES = 400
"""The maximum if there are more than `SAMPLES` classes, each of which has one image."""


def choose_samples(images: Iterable[Image], classes: int, spare: int = 1) -> list[Image]:
    """Choose the same number of images of each class, reproducibly, ordered by label and hash.

    Images are ordered by the end of the hash, because its start has determined the split. Of more
    than `MOST_SAMPLES` classes, some have none.

    Args:
        images: The images to choose from.
        classes: The number of classes.
        spare: The number of images to choose, as a multiple of those that a page shows.
    """
    by_class: dict[int, list[Image]] = defaultdict(list)
    for image in images:
        by_class[image.label].append(image)
    per_class = spare * max(1, SAMPLES // classes)
    chosen = [
        image
        for label in sorted(by_class)
        for image in nsmallest(per_class, by_class[label], key=_end_of_hash)
    ]
    most = spare * MOST_SAMPLES
    kept = nsmallest(most, chosen, key=_end_of_hash) if len(chosen) > most else chosen
    return sorted(kept, key=lambda image: (image.label, _end_of_hash(image)))


def _end_of_hash(image: Image) -> str:
    return image.sha256[::-1]


def choose_refused(quarantined: Iterable[Quarantined]) -> list[Quarantined]:
    """Choose quarantined photos to show: the first by path whose bytes are stored.

    Identical photos, whose labels conflict, are next to each other.
    """
    kept = sorted((row for row in quarantined if row.key), key=lambda row: row.path)
    first: dict[str | None, str] = {}
    for row in kept:
        first.setdefault(row.key, row.path)
    return sorted(kept, key=lambda row: (first[row.key], row.path))[:REFUSED]


def _look_alikes(previous: PreviousVersion) -> list[Image]:
    paths = frozenset(previous.look_alikes)
    return [image for image in previous.images if image.path in paths]


class Pictures:
    """Copies of images of the previous version that the page may show.

    Args:
        folder: A temporary folder for the copies.
        previous: The previous version.
    """

    def __init__(self, folder: Path, previous: PreviousVersion) -> None:
        classes = len(previous.version.classes) if previous.version else 0
        # Some images may be missing from the next version; then others are shown.
        shown = choose_samples(previous.images, classes, spare=2) if classes else []
        shown += _look_alikes(previous)
        keys = [image.key for image in shown]
        keys += [row.key for row in choose_refused(previous.quarantined) if row.key]
        self._wanted = frozenset(keys)
        self._store = ImageStore(folder, held=())

    def wants(self, key: str) -> bool:
        """Return whether the page may show the image with this key."""
        return key in self._wanted

    def keep(self, key: str, data: bytes) -> None:
        """Copy a photo's bytes if the page may show it."""
        if self.wants(key):
            self._store.put(key, data)

    def path(self, key: str) -> Path | None:
        """Return the path of a copy, or None if there is no copy."""
        return self._store.path(key)

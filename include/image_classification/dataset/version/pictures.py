"""Which pictures a version's page shows, and where their bytes are while it is made.

The bytes of what the version before holds are nowhere near: they pass by while photos are checked,
and those that the page may want are kept aside then.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from include.image_classification.dataset.version.earlier import Earlier
from include.image_classification.dataset.version.image_store import ImageStore
from include.image_classification.dataset.version.leakage import find_leaks
from include.image_classification.dataset.version.manifest import Image, Quarantined

SAMPLES, REFUSED, LOOK_ALIKES = 120, 60, 24


def samples(images: Iterable[Image], classes: int, spare: int = 1) -> list[Image]:
    """Choose images to show, so many of each class, by label and hash: the same every time.

    It is the hash's end that counts, since its start has decided the split.

    Args:
        images: To choose from.
        classes: How many classes there are.
        spare: How many times as many to choose as a page shows.
    """
    by_class: dict[int, list[Image]] = defaultdict(list)
    for image in images:
        by_class[image.label].append(image)
    each = spare * max(1, SAMPLES // classes)
    return [
        image
        for label in sorted(by_class)
        for image in sorted(by_class[label], key=lambda image: image.sha256[::-1])[:each]
    ]


def refused(quarantined: Iterable[Quarantined]) -> list[Quarantined]:
    """Choose refused photos to show: the first by path of those whose bytes are kept.

    Photos of the same bytes, whose labels contradict each other, stand side by side.
    """
    kept = sorted((row for row in quarantined if row.key), key=lambda row: row.path)
    first: dict[str | None, str] = {}
    for row in kept:
        first.setdefault(row.key, row.path)
    return sorted(kept, key=lambda row: (first[row.key], row.path))[:REFUSED]


def _look_alikes(earlier: Earlier) -> list[Image]:
    leaks = find_leaks(earlier.images, earlier.looks)[: 2 * LOOK_ALIKES]
    paths = {leak.test for leak in leaks} | {leak.train for leak in leaks}
    return [image for image in earlier.images if image.path in paths]


class Pictures:
    """The bytes that a page may want of what was stored before.

    Args:
        folder: Where to keep them for as long as the program runs.
        earlier: The version before, which holds them.
    """

    def __init__(self, folder: Path, earlier: Earlier) -> None:
        classes = len(earlier.version.classes) if earlier.version else 0
        # Some may be gone from the next version, and others take their places.
        shown = samples(earlier.images, classes, spare=2) if classes else []
        shown += _look_alikes(earlier)
        keys = [image.key for image in shown]
        keys += [row.key for row in refused(earlier.quarantined) if row.key]
        self._wanted = frozenset(keys)
        self._store = ImageStore(folder, held=())

    def wants(self, key: str) -> bool:
        """Whether a page may show what is stored under this key."""
        return key in self._wanted

    def keep(self, key: str, data: bytes) -> None:
        """Keep a photo's bytes aside, if a page may show it."""
        if self.wants(key):
            self._store.put(key, data)

    def path(self, key: str) -> Path | None:
        """Where the bytes are, if they have come by."""
        return self._store.path(key)

"""From a source's photos to a version: check all, store what is new, split."""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from include.image_classification.dataset.acceptance import (
    check_classes,
    check_quarantine,
    log_quarantined,
)
from include.image_classification.dataset.duplicates import deduplicate
from include.image_classification.dataset.image_store import ImageStore
from include.image_classification.dataset.manifest import (
    SPLITS,
    Duplicate,
    Image,
    Quarantined,
    Version,
)
from include.image_classification.dataset.photo_check import (
    CheckedPhoto,
    Photo,
    PhotoLimits,
    check_photo,
)
from include.image_classification.dataset.settings import RefreshSettings
from include.image_classification.dataset.source import Source
from include.image_classification.dataset.split import SplitRatio, assign_splits
from include.image_classification.progress import with_progress
from include.image_classification.workers import ordered_map


@dataclass(frozen=True)
class Assembled:
    """What came of everything that a source lists."""

    version: Version
    quarantined: Sequence[Quarantined]
    duplicates: Sequence[Duplicate]

    def counts(self) -> dict[str, int]:
        """How many there are of each; images, quarantined and deduplicated add up to listed."""
        images = len(self.version.images)
        splits = Counter(image.split for image in self.version.images)
        return {
            "listed": images + len(self.quarantined) + len(self.duplicates),
            "images": images,
            "quarantined": len(self.quarantined),
            "deduplicated": len(self.duplicates),
            "classes": len(self.version.classes),
            **{split: splits[split] for split in SPLITS},
        }


def assemble(
    source: Source, earlier: Sequence[Image], settings: RefreshSettings, new_images: Path
) -> Assembled:
    """Check all of a source's photos, store the new ones, and put a version together.

    Args:
        source: What to read; its entries are used up.
        earlier: The previous version's images. They keep their splits and are not stored again.
        settings: The refresh's settings.
        new_images: The folder that new images are stored in, by their keys.

    Raises:
        ProgramError: The source lists nothing, too much is refused, or a class has no images.
    """
    store = ImageStore(new_images, [image.key for image in earlier])
    photos, refused = _check_all(source, settings, store)
    distinct = deduplicate(photos)
    store.discard({photo.key for photo in photos} - {photo.key for photo in distinct.photos})
    quarantined = sorted([*refused, *distinct.conflicting], key=lambda row: row.path)
    log_quarantined(quarantined)
    check_quarantine(quarantined, len(photos) + len(refused), settings.quarantine_limit)
    check_classes(source.classes, distinct.photos, quarantined)
    images = _split(distinct.photos, earlier, settings.ratio)
    return Assembled(Version(images, source.classes), quarantined, distinct.duplicates)


def _check_all(
    source: Source, settings: RefreshSettings, store: ImageStore
) -> tuple[list[CheckedPhoto], list[Quarantined]]:
    photos: list[CheckedPhoto] = []
    refused: list[Quarantined] = []
    check = functools.partial(_check_and_store, limits=settings.limits, store=store)
    entries = ordered_map(check, _each_path_once(source.entries), settings.processes)
    for entry in with_progress(entries, "photos checked"):
        if isinstance(entry, CheckedPhoto):
            photos.append(entry)
        else:
            refused.append(entry)
    return photos, refused


def _each_path_once(entries: Iterable[Photo | Quarantined]) -> Iterator[Photo | Quarantined]:
    seen: set[str] = set()
    for entry in entries:
        if isinstance(entry, Photo) and entry.path in seen:
            yield Quarantined(entry.path, None, "listed-twice", "the source holds it again")
        else:
            seen.add(entry.path)
            yield entry


def _check_and_store(
    entry: Photo | Quarantined, limits: PhotoLimits, store: ImageStore
) -> CheckedPhoto | Quarantined:
    if isinstance(entry, Quarantined):
        return entry
    checked = check_photo(entry, limits)
    if isinstance(checked, CheckedPhoto):
        store.put(checked.key, entry.data)
    return checked


def _split(
    photos: Iterable[CheckedPhoto], earlier: Iterable[Image], ratio: SplitRatio
) -> list[Image]:
    by_path = sorted(photos, key=lambda photo: photo.path)
    labels = {photo.sha256: photo.label for photo in by_path}
    splits = assign_splits(labels, {image.sha256: image.split for image in earlier}, ratio)
    return [Image(**asdict(photo), split=splits[photo.sha256]) for photo in by_path]

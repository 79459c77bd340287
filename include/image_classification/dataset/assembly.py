"""Assembly of a dataset version: check photos, store new ones, assign splits."""

import itertools
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from include.contracts.dataset import SPLITS, Split
from include.image_classification.dataset.acceptance import (
    check_boxes,
    check_classes,
    check_quarantine,
    log_changed_splits,
    log_quarantined,
    warn_of_no_own_split,
    warn_of_splits,
)
from include.image_classification.dataset.corrections.class_names import without_empty_classes
from include.image_classification.dataset.corrections.corrections import Corrections, LabelledPhoto
from include.image_classification.dataset.intake import Entry, Intake, Stores, mark_repeated_paths
from include.image_classification.dataset.settings import RefreshSettings
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.version.duplicates import Deduplicated, deduplicate
from include.image_classification.dataset.version.manifest import (
    Duplicate,
    Image,
    Quarantined,
    Version,
    image_key,
)
from include.image_classification.dataset.version.photo_check import CheckedPhoto
from include.image_classification.dataset.version.previous import PreviousVersion
from include.image_classification.dataset.version.split import assign_splits
from include.image_classification.progress import with_progress
from include.image_classification.threads import ordered_threads


@dataclass(frozen=True)
class AssembledVersion:
    """A new version, with the entries of the source that are not part of it.

    `hashes` are the images' perceptual hashes, in their order, `joined` the paths of photos that
    are not part of the source, but that users labelled.
    """

    version: Version
    quarantined: Sequence[Quarantined]
    duplicates: Sequence[Duplicate]
    hashes: Sequence[int]
    joined: Collection[str] = ()

    @property
    def used(self) -> int:
        """The number of the source's photos that are images, or duplicates of images."""
        images = sum(image.path not in self.joined for image in self.version.images)
        return images + sum(row.path not in self.joined for row in self.duplicates)

    def counts(self) -> dict[str, int]:
        """Return the counts; images, quarantined and deduplicated add up to listed."""
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
    source: Source,
    previous: PreviousVersion,
    settings: RefreshSettings,
    stores: Stores,
    corrections: Corrections,
) -> AssembledVersion:
    """Check all photos of a source, store the new ones, and assemble a version.

    Args:
        source: The source, whose entries are consumed.
        previous: The previous version. Its images are not decoded again, and photos of any earlier
            version keep their splits.
        settings: The settings of the refresh.
        stores: The stores of new images and quarantined photos.
        corrections: The labels of users, which count more than those of the source.

    Raises:
        CommandError: The source has no photos, too many are quarantined, or a class has no images.
    """
    joined: set[str] = set()
    photos, refused = _check_all(source, previous, settings, stores, corrections, joined)
    classes, labelled = without_empty_classes(corrections.classes, len(source.classes), photos)
    distinct = deduplicate(labelled, classes)
    kept = {photo.sha256 for photo in distinct.photos}
    if dropped := [photo for photo in photos if photo.sha256 not in kept]:
        stores.images.discard(_keys(dropped) - _keys(distinct.photos))
    quarantined = sorted([*refused, *distinct.conflicting], key=lambda row: row.path)
    log_quarantined(quarantined)
    check_quarantine(quarantined, len(photos) + len(refused), settings.quarantine_limit)
    check_classes(classes, distinct.photos, quarantined, corrections.moved_from())
    images = _split(distinct, previous, settings)
    warn_of_splits(classes, images)
    hashes = array("Q", (photo.content.perceptual_hash for photo in distinct.photos))
    version = Version(images, classes)
    return AssembledVersion(version, quarantined, distinct.duplicates, hashes, joined)


def _keys(photos: Collection[CheckedPhoto]) -> set[str]:
    """Return the keys of images and of the originals that they may have been converted from."""
    originals = {image_key(photo.photo_sha256, "webp") for photo in photos if photo.content.cut}
    return {photo.content.key for photo in photos} | originals


def _check_all(
    source: Source,
    previous: PreviousVersion,
    settings: RefreshSettings,
    stores: Stores,
    corrections: Corrections,
    joined: set[str],
) -> tuple[list[CheckedPhoto], list[Quarantined]]:
    photos: list[CheckedPhoto] = []
    refused: list[Quarantined] = []
    wanted = stores.pictures.wants if settings.store == "new" else lambda _: True
    known = previous.known(without_cuts=wanted)
    intake = Intake(settings.rules, known, stores, settings.split == "source", corrections)
    all_entries = mark_repeated_paths(itertools.chain(source.entries, corrections.entries()))
    noted = _note_joined(all_entries, joined)
    entries = ordered_threads(intake.take, noted, settings.threads)
    for entry in with_progress(entries, "photos checked"):
        if isinstance(entry, CheckedPhoto):
            photos.append(entry)
        else:
            refused.append(entry)
    check_boxes(settings.rules.margin is not None, intake.found_boxes, settings.layout)
    return photos, refused


def _note_joined(entries: Iterable[Entry], joined: set[str]) -> Iterator[Entry]:
    for entry in entries:
        if isinstance(entry, LabelledPhoto):
            joined.add(entry.path)
        yield entry


def _split(
    distinct: Deduplicated, previous: PreviousVersion, settings: RefreshSettings
) -> list[Image]:
    """Assign splits by photo: images cropped from one photo have the same split."""
    labels: dict[str, int] = {}
    own: dict[str, Split] = {}
    for photo in distinct.photos:
        name = photo.photo_sha256
        labels.setdefault(name, photo.label)
        if photo.split:
            own[name] = max(photo.split, own.get(name, "train"), key=SPLITS.index)
    splits = assign_splits(labels, previous.splits(labels.keys()), settings.ratio, own)
    log_changed_splits(own, splits)
    if settings.split == "source":
        warn_of_no_own_split(own)
    return [_image(photo, splits[photo.photo_sha256]) for photo in distinct.photos]


def _image(photo: CheckedPhoto, split: Split) -> Image:
    content = photo.content
    return Image(
        path=photo.path,
        sha256=content.sha256,
        size=content.size,
        width=content.width,
        height=content.height,
        label=photo.label,
        split=split,
        key=content.key,
        cut=content.cut,
        label_source=photo.label_source,
    )

"""Checks of the assembled images: quarantine limit, empty classes, missing splits."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from include.contracts.dataset import SPLITS, Split
from include.image_classification.container import CommandError
from include.image_classification.dataset.source.split_names import known_words
from include.image_classification.dataset.version.manifest import Image, Quarantined
from include.image_classification.dataset.version.photo_check import CheckedPhoto

NAMED_IN_LOG = 50

_log = logging.getLogger(__name__)


def log_quarantined(quarantined: Sequence[Quarantined]) -> None:
    """Log the first quarantined entries; the version's quarantine.jsonl has all of them."""
    for row in quarantined[:NAMED_IN_LOG]:
        _log.warning("quarantined %s: %s, %s", row.path, row.reason, row.detail)
    if len(quarantined) > NAMED_IN_LOG:
        _log.warning("quarantined %d more", len(quarantined) - NAMED_IN_LOG)


def check_quarantine(quarantined: Sequence[Quarantined], listed: int, limit: float) -> None:
    """Check the share of quarantined entries, without those that users found not usable.

    Raises:
        CommandError: The share exceeds the limit, or the source has no entries.
    """
    if not listed:
        raise CommandError("the source has no photos of the selected classes")
    faults = [row for row in quarantined if row.reason != "not-usable"]
    if len(faults) > limit * listed:
        reasons = Counter(row.reason for row in faults).most_common()
        first = faults[0]
        raise CommandError(
            f"{len(faults)} of {listed} photos are quarantined, more than the limit of"
            f" {limit:.1%} ({', '.join(f'{count} {reason}' for reason, count in reasons)};"
            f" {first.path}: {first.detail}); fix the source or raise --quarantine-limit"
        )


def check_boxes(needed: bool, found: bool, layout: str) -> None:
    """Check that photos that are to be cropped have boxes.

    Raises:
        CommandError: Boxes are needed, and no photo of the source has one.
    """
    if needed and not found:
        raise CommandError(
            f"--boxes crop needs boxes, but no photo of the source has one in layout {layout}; "
            "leave the flag out, or label the source in a layout with boxes"
        )


def check_classes(
    classes: Sequence[str],
    photos: Sequence[CheckedPhoto],
    quarantined: Sequence[Quarantined],
    moved: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Check that every class has an image.

    Args:
        classes: The classes.
        photos: The photos of the version.
        quarantined: The quarantined photos.
        moved: How many photos labels of users moved out of each class.

    Raises:
        CommandError: A class has no images.
    """
    present = {photo.label for photo in photos}
    empty = [name for label, name in enumerate(classes) if label not in present]
    if empty:
        others = f" and {len(empty) - 1} other classes have" if len(empty) > 1 else " has"
        labels = f", labels/ moved {moved[empty[0]]} out" if moved.get(empty[0]) else ""
        raise CommandError(
            f"class {empty[0]!r}{others} no images ({len(quarantined)} are quarantined{labels}); "
            "add images or exclude the class with --classes"
        )


def warn_of_splits(classes: Sequence[str], images: Sequence[Image]) -> None:
    """Log the classes that have no images in a split."""
    present = {(image.label, image.split) for image in images}
    for split in SPLITS:
        missing = [name for label, name in enumerate(classes) if (label, split) not in present]
        if missing:
            _log.warning(
                "%d classes have no %s images, for example %r", len(missing), split, missing[0]
            )


def warn_of_no_own_split(own: Mapping[str, Split]) -> None:
    """Log that a source has no splits, although it was expected to have them."""
    if not own:
        _log.warning(
            "split: source, but the source assigns no photo to validation or test, so the ratio"
            " decides. A word in the name of a folder around class folders, of an archive or of a"
            " list assigns them: %s for test, %s for validation",
            known_words("test"),
            known_words("validation"),
        )


def log_changed_splits(own: Mapping[str, Split], splits: Mapping[str, Split]) -> None:
    """Log how many photos do not get the source's split, because an earlier split counts."""
    pairs = Counter((splits[name], split) for name, split in own.items() if split != "train")
    for (split, source_split), count in sorted(pairs.items()):
        if split != source_split:
            text = "%d photos stay in %s, although the source has them in %s: models have seen them"
            _log.warning(text, count, split, source_split)

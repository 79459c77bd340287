"""Deduplication: identical images are kept once, or quarantined if their labels conflict."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from include.contracts.dataset import SPLITS
from include.image_classification.dataset.version.manifest import (
    Duplicate,
    Quarantined,
    quarantine_key,
)
from include.image_classification.dataset.version.photo_check import CheckedPhoto

OTHERS_NAMED = 3


@dataclass
class Deduplicated:
    """Distinct photos, duplicates, and photos with conflicting labels."""

    photos: list[CheckedPhoto] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    conflicting: list[Quarantined] = field(default_factory=list)


def deduplicate(photos: Iterable[CheckedPhoto], classes: Sequence[str]) -> Deduplicated:
    """Divide photos into those to keep, duplicates, and photos with conflicting labels.

    Of identical photos with the same label, one is kept. A photo of the source's test set takes
    precedence over one of its validation set, and that over one of its training set, so that no
    model is trained on a held-out photo; then the first by path is kept. Identical photos with
    different labels are all quarantined, because the correct label is unknown; the details name
    the classes.
    """
    result = Deduplicated()
    # Sorted, not in a dict of lists, which would take 200 bytes a photo.
    ordered = sorted(photos, key=lambda photo: (photo.sha256, photo.path))
    for _, group in itertools.groupby(ordered, key=lambda photo: photo.sha256):
        identical = list(group)
        if len({photo.label for photo in identical}) > 1:
            result.conflicting += _conflicts(identical, classes)
        else:
            ranked = sorted(identical, key=_held_out_first) if len(identical) > 1 else identical
            kept, *others = ranked
            result.photos.append(kept)
            result.duplicates += [_duplicate(other, kept) for other in others]
    result.photos.sort(key=lambda photo: photo.path)
    result.duplicates.sort(key=lambda row: (row.kept, row.path))
    return result


def _held_out_first(photo: CheckedPhoto) -> int:
    return -SPLITS.index(photo.split or "train")


def _duplicate(photo: CheckedPhoto, kept: CheckedPhoto) -> Duplicate:
    split, kept_split = photo.split or "train", kept.split or "train"
    same = split == kept_split
    note = "" if same else f"the source also has it in {split}; kept in {kept_split}"
    return Duplicate(photo.path, photo.sha256, kept.path, note)


def _conflicts(identical: list[CheckedPhoto], classes: Sequence[str]) -> list[Quarantined]:
    # The details name one photo a label, and few in total: a placeholder image can occur
    # thousands of times.
    first: dict[int, CheckedPhoto] = {}
    for photo in identical:
        first.setdefault(photo.label, photo)
    rows = []
    for photo in identical:
        others = [other for label, other in first.items() if label != photo.label]
        named = ", ".join(f"{classes[o.label]!r} in {o.path}" for o in others[:OTHERS_NAMED])
        more = f" and {len(others) - OTHERS_NAMED} more" if len(others) > OTHERS_NAMED else ""
        detail = f"labelled {classes[photo.label]!r}, but an identical file is {named}{more}"
        key = quarantine_key(photo.photo_sha256)
        row = Quarantined(photo.path, photo.photo_sha256, "conflicting-labels", detail, key)
        rows.append(row)
    return rows

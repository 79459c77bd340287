"""Images whose bytes are the same: kept once, or not at all where their labels disagree."""

from collections import defaultdict
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
    """Photos that differ from each other, and what became of the others."""

    photos: list[CheckedPhoto] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    conflicting: list[Quarantined] = field(default_factory=list)


def deduplicate(photos: Iterable[CheckedPhoto], classes: Sequence[str]) -> Deduplicated:
    """Sort photos by path into those to keep, duplicates, and those of conflicting labels.

    Of the same bytes under one label one is kept: what the source itself tests with before what it
    validates with, before all else, so that no model is trained on it; among these, the first by
    path. Under different labels nobody can say which is right, and all are quarantined, with the
    names of these labels' classes.
    """
    by_content: dict[str, list[CheckedPhoto]] = defaultdict(list)
    for photo in sorted(photos, key=lambda photo: photo.path):
        by_content[photo.sha256].append(photo)
    result = Deduplicated()
    for same in by_content.values():
        if len({photo.label for photo in same}) > 1:
            result.conflicting += _conflicts(same, classes)
        else:
            kept, *others = sorted(same, key=_held_out_first) if len(same) > 1 else same
            result.photos.append(kept)
            result.duplicates += [_duplicate(other, kept) for other in others]
    result.photos.sort(key=lambda photo: photo.path)
    return result


def _held_out_first(photo: CheckedPhoto) -> int:
    return -SPLITS.index(photo.split or "train")


def _duplicate(photo: CheckedPhoto, kept: CheckedPhoto) -> Duplicate:
    ours, theirs = photo.split or "train", kept.split or "train"
    note = "" if ours == theirs else f"the source has it in {ours}, too; kept in {theirs}"
    return Duplicate(photo.path, photo.sha256, kept.path, note)


def _conflicts(same: list[CheckedPhoto], classes: Sequence[str]) -> list[Quarantined]:
    # One a label and a few in all: a placeholder may stand for thousands of photos.
    first: dict[int, CheckedPhoto] = {}
    for photo in same:
        first.setdefault(photo.label, photo)
    rows = []
    for photo in same:
        others = [other for label, other in first.items() if label != photo.label]
        named = ", ".join(f"{classes[o.label]!r} in {o.path}" for o in others[:OTHERS_NAMED])
        more = f" and {len(others) - OTHERS_NAMED} more" if len(others) > OTHERS_NAMED else ""
        detail = f"labelled {classes[photo.label]!r}, but the same bytes are {named}{more}"
        key = quarantine_key(photo.photo_sha256)
        row = Quarantined(photo.path, photo.photo_sha256, "conflicting-labels", detail, key)
        rows.append(row)
    return rows

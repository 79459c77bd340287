"""Photos whose bytes are the same: kept once, or not at all where their labels disagree."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from include.image_classification.dataset.manifest import Duplicate, Quarantined
from include.image_classification.dataset.photo_check import CheckedPhoto


@dataclass
class Deduplicated:
    """Photos that differ from each other, and what became of the others."""

    photos: list[CheckedPhoto] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    conflicting: list[Quarantined] = field(default_factory=list)


def deduplicate(photos: Iterable[CheckedPhoto]) -> Deduplicated:
    """Sort photos by path into those to keep, duplicates, and those of conflicting labels.

    Of the same bytes under one label the first by path is kept. Under different labels nobody
    can say which is right, and all are quarantined.
    """
    by_content: dict[str, list[CheckedPhoto]] = defaultdict(list)
    for photo in sorted(photos, key=lambda photo: photo.path):
        by_content[photo.sha256].append(photo)
    result = Deduplicated()
    for first, *others in by_content.values():
        if any(other.label != first.label for other in others):
            result.conflicting += _conflicts([first, *others])
        else:
            result.photos.append(first)
            result.duplicates += [Duplicate(o.path, o.sha256, first.path) for o in others]
    return result


def _conflicts(same: list[CheckedPhoto]) -> list[Quarantined]:
    rows = []
    for photo in same:
        others = ", ".join(other.path for other in same if other is not photo)
        detail = f"the same bytes as {others}, under another label"
        rows.append(Quarantined(photo.path, photo.sha256, "conflicting-labels", detail))
    return rows

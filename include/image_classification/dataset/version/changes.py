"""Differences between a dataset version and the previous one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from include.image_classification.dataset.version.manifest import Image, Version


@dataclass(frozen=True)
class Relabelled:
    """An image that has another class than before."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class ClassChange:
    """The number of images of a class before and after, and how many were added and removed."""

    name: str
    before: int
    after: int
    added: int
    removed: int


@dataclass(frozen=True)
class Changes:
    """The differences between a version and the previous one.

    Images are identified by content, not by path: a renamed image has not changed.

    Attributes:
        previous: The name of the previous version, or None for the first version.
        added: Paths of new images.
        removed: Paths in the previous version of images that no longer exist.
        replaced: Paths that hold another image than before; neither added nor removed.
        relabelled: Images that have another class than before.
        new_classes: Names of classes that did not exist before.
        gone_classes: Names of classes that no longer exist.
        classes: The classes whose images changed, by name.
    """

    previous: str | None
    added: Sequence[str]
    removed: Sequence[str]
    replaced: Sequence[str]
    relabelled: Sequence[Relabelled]
    new_classes: Sequence[str]
    gone_classes: Sequence[str]
    classes: Sequence[ClassChange]

    @property
    def counts(self) -> dict[str, int]:
        """The number of images for each kind of change."""
        kinds = ("added", "removed", "replaced", "relabelled")
        return {kind: len(getattr(self, kind)) for kind in kinds}

    def summary(self) -> str:
        """Return one line for the log."""
        if self.previous is None:
            return "the first version"
        counts = ", ".join(f"{count} {kind}" for kind, count in self.counts.items() if count)
        return f"since version {self.previous}: {counts or 'no image changed'}"

    def as_json(self) -> dict[str, Any]:
        """Return the content of changes.json."""
        return {"counts": self.counts, **asdict(self)}


def compare(previous: Version | None, current: Version) -> Changes:
    """Compare a version with the previous version, if there is one."""
    old, new = _by_content(previous), _by_content(current)
    added = {image.path for sha256, image in new.items() if sha256 not in old}
    removed = {image.path for sha256, image in old.items() if sha256 not in new}
    replaced = added & removed
    kept = ((image, old[sha256]) for sha256, image in new.items() if sha256 in old)
    relabelled = (
        Relabelled(image.path, _class_name(previous, before), _class_name(current, image))
        for image, before in kept
        if _class_name(previous, before) != _class_name(current, image)
    )
    return Changes(
        previous=previous.name if previous else None,
        added=sorted(added - replaced),
        removed=sorted(removed - replaced),
        replaced=sorted(replaced),
        relabelled=sorted(relabelled, key=lambda change: change.path),
        new_classes=_classes_only_in(current, other=previous),
        gone_classes=_classes_only_in(previous, other=current),
        classes=_class_changes(previous, current, old),
    )


def _by_content(version: Version | None) -> dict[str, Image]:
    return {image.sha256: image for image in version.images} if version else {}


def _class_name(version: Version | None, image: Image) -> str:
    """Return an image's class by name; class numbers differ between versions."""
    return version.classes[image.label] if version else ""


def _classes_only_in(version: Version | None, other: Version | None) -> list[str]:
    if version is None:
        return []
    others = set(other.classes) if other else set()
    return [name for name in version.classes if name not in others]


def _class_changes(
    previous: Version | None, current: Version, old: Mapping[str, Image]
) -> list[ClassChange]:
    old_counts = Counter(_class_name(previous, image) for image in old.values())
    new_counts: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for image in current.images:
        name = _class_name(current, image)
        new_counts[name] += 1
        before = old.get(image.sha256)
        kept[name] += before is not None and _class_name(previous, before) == name
    changes = (
        ClassChange(
            name=name,
            before=old_counts[name],
            after=new_counts[name],
            added=new_counts[name] - kept[name],
            removed=old_counts[name] - kept[name],
        )
        for name in sorted(old_counts.keys() | new_counts.keys())
    )
    return [change for change in changes if change.added or change.removed]

"""What changed from one version to the next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from include.image_classification.dataset.version.manifest import Image, Version


@dataclass(frozen=True)
class Relabelled:
    """An image whose bytes stayed and whose class changed."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class ClassChange:
    """How many images a class had and has, and how many of them came, went and stayed."""

    name: str
    before: int
    after: int
    added: int
    removed: int


@dataclass(frozen=True)
class Changes:
    """The difference between a version and the one before it.

    Images are told apart by their bytes, not by their paths: one that was renamed has not changed.

    Attributes:
        previous: The version before, or None for the first.
        added: Paths of images that are new.
        removed: Paths, in the version before, of images that are gone.
        replaced: Paths that hold another image than before; they are in neither of the above.
        relabelled: Images under another class than before, by the classes' names.
        new_classes: Names of classes that there were not.
        gone_classes: Names of classes that there are no more.
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
        """How many of each there are."""
        kinds = ("added", "removed", "replaced", "relabelled")
        return {kind: len(getattr(self, kind)) for kind in kinds}

    def summary(self) -> str:
        """One line for the log."""
        if self.previous is None:
            return "the first version"
        said = ", ".join(f"{count} {kind}" for kind, count in self.counts.items() if count)
        return f"since version {self.previous}: {said or 'no image changed'}"

    def as_json(self) -> dict[str, Any]:
        """All of it, for changes.json."""
        return {"counts": self.counts, **asdict(self)}


def compare(previous: Version | None, current: Version) -> Changes:
    """Compare a version with the one before, or with nothing."""
    old, new = _by_content(previous), _by_content(current)
    added = {image.path: image for sha256, image in new.items() if sha256 not in old}
    removed = {image.path: image for sha256, image in old.items() if sha256 not in new}
    replaced = added.keys() & removed.keys()
    was, is_ = _names(previous, old), _names(current, new)
    return Changes(
        previous=previous.name if previous else None,
        added=sorted(added.keys() - replaced),
        removed=sorted(removed.keys() - replaced),
        replaced=sorted(replaced),
        relabelled=[
            Relabelled(new[sha256].path, was[sha256], is_[sha256])
            for sha256 in sorted(new.keys() & old.keys(), key=lambda each: new[each].path)
            if was[sha256] != is_[sha256]
        ],
        new_classes=_missing(current, previous),
        gone_classes=_missing(previous, current),
        classes=_class_changes(was, is_),
    )


def _by_content(version: Version | None) -> dict[str, Image]:
    return {image.sha256: image for image in version.images} if version else {}


def _names(version: Version | None, images: Mapping[str, Image]) -> dict[str, str]:
    """The name of each image's class: its number may mean another in another version."""
    if version is None:
        return {}
    return {sha256: version.classes[image.label] for sha256, image in images.items()}


def _missing(here: Version | None, there: Version | None) -> list[str]:
    if here is None:
        return []
    return [name for name in here.classes if there is None or name not in set(there.classes)]


def _class_changes(was: Mapping[str, str], is_: Mapping[str, str]) -> list[ClassChange]:
    before, after = Counter(was.values()), Counter(is_.values())
    stayed = Counter(name for sha256, name in is_.items() if was.get(sha256) == name)
    changes = (
        ClassChange(
            name=name,
            before=before[name],
            after=after[name],
            added=after[name] - stayed[name],
            removed=before[name] - stayed[name],
        )
        for name in sorted(before.keys() | after.keys())
    )
    return [change for change in changes if change.added or change.removed]

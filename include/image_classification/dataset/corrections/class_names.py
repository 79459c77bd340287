"""Classes that labels name: those of the source, and new ones if the pipeline allows them."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from include.image_classification.dataset.version.photo_check import CheckedPhoto

MAX_HINTS = 100
"""For how many unknown names similar classes are searched: the search is slow."""


@dataclass
class LabelClasses:
    """The classes that labels may give.

    Args:
        known: The classes of the source, in label order.
        create: Whether other names are new classes.
    """

    known: Sequence[str]
    create: bool
    _names: dict[str, str] = field(init=False)
    _hints: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = {normal_name(name): name for name in self.known}

    def name(self, given: str) -> str | None:
        """Return the class that a label means, or None for an unknown one.

        Spaces around a name and the form of its accents do not matter.
        """
        normal = normal_name(given)
        if normal in self._names:
            return self._names[normal]
        return normal if self.create and normal else None

    def extended(self, given: Iterable[str]) -> list[str]:
        """Return the classes of the source, and after them the new ones that labels give."""
        named = {name for text in given if (name := self.name(text))}
        return [*self.known, *sorted(named - set(self.known))]

    def hint(self, given: str) -> str:
        """Return why a name is no class, with similar classes."""
        if given not in self._hints:
            if len(self._hints) >= MAX_HINTS:
                return f"{given!r} is no class of the dataset"
            self._hints[given] = f"{given!r} is no class of the dataset{self._similar(given)}"
        return self._hints[given]

    def _similar(self, given: str) -> str:
        lower = {name.casefold(): name for name in self.known}
        close = difflib.get_close_matches(normal_name(given).casefold(), lower, n=3)
        names = " or ".join(repr(lower[name]) for name in close)
        return f"; did the user mean {names}?" if names else ""


def without_empty_classes(
    classes: Sequence[str], first_new: int, photos: Sequence[CheckedPhoto]
) -> tuple[Sequence[str], Sequence[CheckedPhoto]]:
    """Return the classes without new ones that have no photo, and the photos with their labels.

    Args:
        classes: The classes of the source, and after them the new ones.
        first_new: The number of the first new class.
        photos: All photos.
    """
    if first_new == len(classes):
        return classes, photos
    used = {photo.label for photo in photos}
    kept = [label for label in range(len(classes)) if label < first_new or label in used]
    labels = {label: number for number, label in enumerate(kept)}
    numbered = [
        photo if photo.label < first_new else replace(photo, label=labels[photo.label])
        for photo in photos
    ]
    return [classes[label] for label in kept], numbered


def normal_name(name: str) -> str:
    """Return a class name without spaces around it, its accents as single characters (NFC)."""
    return unicodedata.normalize("NFC", name).strip()

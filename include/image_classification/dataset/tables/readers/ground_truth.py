"""Labels of Ground Truth's manifests: image classification, and boxes of one object."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from include.image_classification.dataset.tables.table import UnusableCell, cell_text, whole_number

_log = logging.getLogger(__name__)

METADATA = "-metadata"


class ClassIndex:
    """Class names by the number that a manifest's label attributes use.

    Not every line has `class-name`: a consolidated label may be a number alone.

    Args:
        file: The manifest, for log lines.
        attributes: The label attributes.
    """

    def __init__(self, file: str, attributes: Sequence[str]) -> None:
        self._file = file
        self._attributes = attributes
        self._names: dict[tuple[str, int], set[str]] = {}
        self._machine = self._labels = 0
        self._lowest = 1.0

    def add(self, line: Mapping[str, Any]) -> None:
        """Add the names of a line."""
        for attribute in self._attributes:
            metadata = _metadata(line, attribute)
            if attribute in line and metadata:
                self._labels += 1
                self._machine += metadata.get("human-annotated") in ("no", False)
                confidence = metadata.get("confidence")
                if isinstance(confidence, int | float):
                    self._lowest = min(self._lowest, confidence)
            for number, name in _named(line.get(attribute), metadata):
                self._names.setdefault((attribute, number), set()).add(name)

    def log(self) -> None:
        """Log how many labels no human gave."""
        if self._machine:
            text = "%s: %d of %d labels are not by humans; the lowest confidence is %g"
            _log.info(text, self._file, self._machine, self._labels, self._lowest)

    def name(self, attribute: str, number: int) -> str | None:
        """Return the name of a number, or None if the manifest has none, or several."""
        names = self._names.get((attribute, number), set())
        return next(iter(names)) if len(names) == 1 else None

    def has_names(self, attribute: str) -> bool:
        """Return whether any line names a class of the attribute."""
        return any(known == attribute for known, _ in self._names)


def label_cell(line: Mapping[str, Any], attribute: str, index: ClassIndex) -> Any:
    """Return the class of a line, or why it has none."""
    value, metadata = line.get(attribute), _metadata(line, attribute)
    if reason := metadata.get("failure-reason"):
        return UnusableCell("missing-label", f"its labelling failed: {reason}")
    if value is None:
        return None
    if isinstance(name := metadata.get("class-name"), str):
        return name
    numbers = _numbers(value)
    if numbers is None:
        return cell_text(value) if isinstance(value, str) else _no_class(value)
    classes = sorted({*numbers})
    if len(classes) != 1:
        named = ", ".join(str(index.name(attribute, number) or number) for number in classes)
        return UnusableCell("conflicting-labels", f"it has {len(classes)} classes: {named or '-'}")
    name = index.name(attribute, classes[0])
    if name is None and index.has_names(attribute):
        return UnusableCell(
            "label-out-of-range", f"no line, or several, give class {classes[0]} a name"
        )
    return name or str(classes[0])


def annotation_box(value: Any) -> list[Any] | None:
    """Return left, top, width and height of a bounding-box label with one object, or None."""
    annotations = _annotations(value)
    if annotations is None or len(annotations) != 1 or not isinstance(annotations[0], dict):
        return None
    return [annotations[0].get(side) for side in ("left", "top", "width", "height")]


def _metadata(line: Mapping[str, Any], attribute: str) -> Mapping[str, Any]:
    found = line.get(f"{attribute}{METADATA}")
    return found if isinstance(found, dict) else {}


def _annotations(value: Any) -> list[Any] | None:
    found = value.get("annotations") if isinstance(value, dict) else None
    return found if isinstance(found, list) else None


def _numbers(value: Any) -> list[int] | None:
    """Return the class numbers of a label: one, several, or those of its boxes."""
    annotations = _annotations(value)
    if annotations is not None:
        value = [one.get("class_id") if isinstance(one, dict) else None for one in annotations]
    found = [
        whole_number(cell_text(one)) for one in (value if isinstance(value, list) else [value])
    ]
    return None if None in found else [number for number in found if number is not None]


def _named(value: Any, metadata: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the pairs of number and name that a label's metadata gives."""
    pairs: list[tuple[int, str]] = []
    class_map = metadata.get("class-map")
    if isinstance(class_map, dict):
        found = [(whole_number(str(key)), str(name)) for key, name in class_map.items()]
        pairs += [(number, name) for number, name in found if number is not None]
    name, numbers = metadata.get("class-name"), _numbers(value)
    if isinstance(name, str) and numbers is not None and len(numbers) == 1:
        pairs.append((numbers[0], name))
    return pairs


def _no_class(value: Any) -> UnusableCell:
    return UnusableCell("missing-label", f"its label is {value!r}"[:120])

"""Detection of a source's layout, with the reason, for `refresh` and `make run DATA=`.

To add a layout, add its recogniser: a function of the survey that returns why a source has the
layout, or None.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from include.image_classification.dataset.source.survey import Survey
from include.image_classification.dataset.stanford.recognition import recognise_stanford_cars

Recogniser = Callable[[Survey], str | None]


@dataclass(frozen=True)
class Detection:
    """The detected layout, and why a source has it: the end of a sentence with `because`."""

    layout: str
    reason: str


def recognise_lists(found: Survey) -> str | None:
    """Return why a source has the layout `list`, or None."""
    return f"there is {found.name(found.lists[0])}" if found.lists else None


RECOGNISERS: Sequence[tuple[str, Recogniser]] = (
    ("stanford_cars", recognise_stanford_cars),
    ("list", recognise_lists),
)
"""The first that recognises a source determines its layout."""


def detect_layout(found: Survey) -> Detection:
    """Return the layout of a source; class folders if no label files are recognised."""
    for layout, recognise in RECOGNISERS:
        reason = recognise(found)
        if reason:
            return Detection(layout, reason)
    return Detection("class_folders", "no label files are recognised, so folders name the classes")

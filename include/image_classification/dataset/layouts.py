"""Layouts of raw sources, by their names in a pipeline's YAML."""

from collections.abc import Callable
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.source.class_folders import (
    inspect_class_folders,
    open_class_folders,
)
from include.image_classification.dataset.source.contract import Contents, Source
from include.image_classification.dataset.source.image_lists import (
    inspect_lists,
    open_image_lists,
)
from include.image_classification.dataset.source.survey import Survey
from include.image_classification.dataset.stanford.layout import (
    inspect_stanford_cars,
    open_stanford_cars,
)

AUTO = "auto"
STANFORD_CARS = "stanford_cars"

# An opener takes the source's folder and the selected classes.
OPENERS: dict[str, Callable[[Path, str | None], Source]] = {
    STANFORD_CARS: open_stanford_cars,
    "class_folders": open_class_folders,
    "list": open_image_lists,
}

LAYOUTS = (AUTO, *OPENERS)

WITHOUT_BOXES = frozenset({"class_folders", "list"})


def open_layout(layout: str, folder: Path, classes: str | None, devkit: str | None) -> Source:
    """Open a source in the layout with this name.

    Args:
        layout: One of LAYOUTS, but not AUTO.
        folder: The source.
        classes: See `choose_classes`.
        devkit: The path of the devkit in the source; only for Stanford's layout.

    Raises:
        CommandError: The source does not have this layout, or a file is missing or damaged.
    """
    if layout == STANFORD_CARS:
        return open_stanford_cars(folder, classes, devkit)
    if devkit:
        raise CommandError(f"--devkit is only for layout {STANFORD_CARS}, not for {layout}")
    return OPENERS[layout](folder, classes)


def inspect_layout(
    layout: str, found: Survey, classes: str | None = None, devkit: str | None = None
) -> Contents:
    """Return what a layout reads of a source, and fail where opening it would fail.

    Args:
        layout: One of LAYOUTS, but not AUTO.
        found: The survey of the source.
        classes: See `choose_classes`.
        devkit: The path of the devkit in the source; only for Stanford's layout.

    Raises:
        CommandError: Files are missing, ambiguous or damaged, or no folder is a class.
    """
    if layout == STANFORD_CARS:
        return inspect_stanford_cars(found, devkit)
    if layout == "list":
        return inspect_lists(found)
    return inspect_class_folders(found, classes)

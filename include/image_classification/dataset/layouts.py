"""Layouts of raw sources, by their names in a pipeline's YAML."""

from collections.abc import Callable
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.source.class_folders import open_class_folders
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.source.image_lists import open_image_lists
from include.image_classification.dataset.stanford.layout import open_stanford_cars

STANFORD_CARS = "stanford_cars"

# An opener takes the source's folder and the selected classes.
OPENERS: dict[str, Callable[[Path, str | None], Source]] = {
    STANFORD_CARS: open_stanford_cars,
    "class_folders": open_class_folders,
    "list": open_image_lists,
}

LAYOUTS = tuple(OPENERS)


def open_layout(layout: str, folder: Path, classes: str | None, devkit: str | None) -> Source:
    """Open a source in the layout with this name.

    Args:
        layout: One of LAYOUTS.
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

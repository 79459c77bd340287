"""The layouts that a raw source may have, by the names that pipelines use."""

from collections.abc import Callable
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.dataset.source.class_folders import open_class_folders
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.source.image_lists import open_image_lists
from include.image_classification.dataset.stanford.layout import open_stanford_cars

STANFORD_CARS = "stanford_cars"

# Each takes the source's folder and the wanted classes.
OPENERS: dict[str, Callable[[Path, str | None], Source]] = {
    STANFORD_CARS: open_stanford_cars,
    "class_folders": open_class_folders,
    "list": open_image_lists,
}

LAYOUTS = tuple(OPENERS)


def open_layout(layout: str, folder: Path, classes: str | None, devkit: str | None) -> Source:
    """Open a source in the layout of this name.

    Args:
        layout: One of LAYOUTS.
        folder: The source.
        classes: As `choose_classes` takes them.
        devkit: The devkit to use, relative to the source; only Stanford's layout has any.

    Raises:
        ProgramError: The source is not in this layout, or something of it is missing or damaged.
    """
    if layout == STANFORD_CARS:
        return open_stanford_cars(folder, classes, devkit)
    if devkit:
        raise ProgramError(f"--devkit is only for layout {STANFORD_CARS}, not for {layout}")
    return OPENERS[layout](folder, classes)

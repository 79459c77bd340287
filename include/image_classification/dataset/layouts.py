"""Layouts of raw sources, by their names in a pipeline's YAML."""

from collections.abc import Callable
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.parquet.layout import inspect_parquet, open_parquet
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
from include.image_classification.dataset.tables.formats import FORMATS
from include.image_classification.dataset.tables.label_tables import (
    inspect_label_tables,
    open_label_tables,
)
from include.image_classification.dataset.tables.options import LabelOptions

AUTO = "auto"
STANFORD_CARS = "stanford_cars"
PARQUET = "parquet"

# An opener takes the source's folder and the selected classes.
OPENERS: dict[str, Callable[[Path, str | None], Source]] = {
    STANFORD_CARS: open_stanford_cars,
    "class_folders": open_class_folders,
    "list": open_image_lists,
}

TABLES = {format_.layout: format_ for format_ in FORMATS}

LAYOUTS = (AUTO, *OPENERS, *TABLES, PARQUET)


def open_layout(
    layout: str,
    folder: Path,
    classes: str | None,
    devkit: str | None,
    labels: LabelOptions = LabelOptions(),  # noqa: B008, it is immutable
) -> Source:
    """Open a source in the layout with this name.

    Args:
        layout: One of LAYOUTS, but not AUTO.
        folder: The source.
        classes: See `choose_classes`.
        devkit: The path of the devkit in the source; only for Stanford's layout.
        labels: The label files and columns; only for layouts of label files.

    Raises:
        CommandError: The source does not have this layout, or a file is missing or damaged.
    """
    if layout == PARQUET:
        return open_parquet(folder, classes, labels)
    if layout in TABLES:
        return open_label_tables(folder, classes, labels, TABLES[layout])
    if labels:
        raise CommandError(
            f"--label-files and --columns are for layouts {', '.join([*TABLES, PARQUET])}, not for"
            f" {layout}"
        )
    if layout == STANFORD_CARS:
        return open_stanford_cars(folder, classes, devkit)
    if devkit:
        raise CommandError(f"--devkit is only for layout {STANFORD_CARS}, not for {layout}")
    return OPENERS[layout](folder, classes)


def inspect_layout(
    layout: str,
    found: Survey,
    classes: str | None = None,
    devkit: str | None = None,
    labels: LabelOptions = LabelOptions(),  # noqa: B008, it is immutable
) -> Contents:
    """Return what a layout reads of a source, and fail where opening it would fail.

    Args:
        layout: One of LAYOUTS, but not AUTO.
        found: The survey of the source.
        classes: See `choose_classes`.
        devkit: The path of the devkit in the source; only for Stanford's layout.
        labels: The label files and columns; only for layouts of label files.

    Raises:
        CommandError: Files are missing, ambiguous or damaged, or no folder is a class.
    """
    if layout == PARQUET:
        return inspect_parquet(found, labels)
    if layout in TABLES:
        return inspect_label_tables(found, labels, TABLES[layout])
    if layout == STANFORD_CARS:
        return inspect_stanford_cars(found, devkit)
    if layout == "list":
        return inspect_lists(found)
    return inspect_class_folders(found, classes)

"""Rows and class names from the label files of Stanford Cars, in MATLAB's format."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from include.contracts.dataset import Box, Reason
from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import normalize, path_problem
from include.image_classification.dataset.source.labelled import Row
from include.image_classification.dataset.stanford.mat_file import read_variable
from include.image_classification.dataset.stanford.mat_matrix import Table

BOX_FIELDS = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")
NAME_FIELDS = ("fname", "relative_im_path")


def read_class_names(data: bytes, file: str) -> list[str]:
    """Return the class names of a .mat file, in the order of their numbers.

    Args:
        data: The file's bytes.
        file: The file's name, for messages.

    Raises:
        CommandError: The file is not a .mat file, or has no valid class names.
    """
    found = read_variable(data, file, "class_names")
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise CommandError(f"class_names in {file} is not a list of names; download the file again")
    names = [name.strip() for name in found]
    if len(set(names)) != len(names):
        raise CommandError(f"class_names in {file} has a name twice; download the file again")
    return names


def read_annotations(data: bytes, file: str, photo_set: str, held_out: bool) -> list[Row]:
    """Return the rows of a .mat file; classes are numbered from 1.

    Args:
        data: The file's bytes.
        file: The file's name, for messages.
        photo_set: The set that the file annotates, which may be the first folder of the paths.
        held_out: Whether the whole set is for testing. Otherwise the field `test` decides.

    Raises:
        CommandError: The file is not a .mat file, or has no valid annotations.
    """
    table = read_variable(data, file, "annotations")
    fields = set(table.fields) if isinstance(table, Table) else set()
    name_field = next((name for name in NAME_FIELDS if name in fields), NAME_FIELDS[0])
    missing = {"class", name_field} - fields
    if not missing and fields & set(BOX_FIELDS):
        missing = set(BOX_FIELDS) - fields
    if missing:
        raise CommandError(
            f"{file} has no {' and no '.join(sorted(missing))}; the devkit with labels is needed"
        )
    boxed = BOX_FIELDS[0] in fields
    return list(_rows(table, file, photo_set, name_field, held_out=held_out, boxed=boxed))


def _rows(
    table: Table, file: str, photo_set: str, name_field: str, *, held_out: bool, boxed: bool
) -> Iterator[Row]:
    for number, record in enumerate(table.rows, start=1):
        position = f"{file} row {number}"
        path, problem = _path(record[name_field], photo_set)
        label = _whole(record["class"])
        if label is None:
            problem = problem or ("missing-label", f"no class, but {_shorten(record['class'])}")
        box = _box([record[field] for field in BOX_FIELDS]) if boxed else None
        if boxed and box is None:
            sides = _shorten([record[field] for field in BOX_FIELDS])
            problem = problem or ("bad-box", f"no box, but {sides}")
        held = held_out or _whole(record.get("test")) == 1
        yield Row(position, path, label or 0, box, "test" if held else None, problem)


def _path(name: Any, photo_set: str) -> tuple[str, tuple[Reason, str] | None]:
    if not isinstance(name, str) or not name.strip():
        return "", ("bad-annotation", f"no file name, but {_shorten(name)}")
    path = normalize(name.strip())
    if path_problem(name.strip()):
        return path, ("unsafe-member", "the label's path is outside the folder of photos")
    return path.removeprefix(f"{photo_set}/"), None


def _box(sides: Sequence[Any]) -> Box | None:
    """Convert MATLAB's coordinates, which start at 1 and include both ends."""
    left, top, right, bottom = (_whole(side) for side in sides)
    if left is None or top is None or right is None or bottom is None:
        return None
    if right < left or bottom < top:
        return None
    return Box(left - 1, top - 1, right, bottom)


def _whole(value: Any) -> int | None:
    """Return a number of any MATLAB type as an int, or None if it is not a whole number."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else None


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

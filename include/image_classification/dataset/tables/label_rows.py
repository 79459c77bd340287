"""Rows of a label file: path, class, split and box of each photo, from the cells of a table."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from include.contracts.dataset import Box, Reason, Split
from include.image_classification.dataset.source.split_names import split_in_name
from include.image_classification.dataset.tables.columns import Columns
from include.image_classification.dataset.tables.matching import normal_path, unsafe_path
from include.image_classification.dataset.tables.table import (
    Cells,
    Table,
    UnusableCell,
    cell_text,
    whole_number,
)

Problem = tuple[Reason, str]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One row of a label file.

    Attributes:
        position: The file and row, for messages.
        path: The photo's path as in the file, normalized; empty if there is none.
        label: The class as in the file; empty if there is none.
        part: The split as in the file: train, validation or test; None if it names none.
        box: The box, or None.
        problem: Why the row cannot be used, or None.
    """

    position: str
    path: str
    label: str
    part: Split | None = None
    box: Box | None = None
    problem: Problem | None = None


def label_rows(table: Table, columns: Columns) -> Iterator[LabelRow]:
    """Yield the rows of a table; the file's name gives the split where no column does."""
    file_part = split_in_name(table.name.rpartition("/")[2].rpartition(".")[0])
    for position, cells in table.rows():
        if len(cells) != len(table.columns):
            yield _ragged(table, columns, position, cells)
            continue
        path = cell_text(cells[columns.file])
        label, problem = _label(table, columns, cells)
        box, bad_box = _box(columns, cells)
        problem = _path_problem(path, position) or problem or bad_box
        part = file_part if columns.split is None else _part(columns, cells)
        yield LabelRow(position, normal_path(path), label, part, box, problem)


def _ragged(table: Table, columns: Columns, position: str, cells: Cells) -> LabelRow:
    path = cell_text(cells[columns.file]) if columns.file < len(cells) else ""
    fields = f"{position} has {len(cells)} fields, not {len(table.columns)}; quote a name that"
    problem: Problem = ("bad-annotation", f"{fields} contains the separator")
    return LabelRow(position, normal_path(path), "", problem=problem)


def _path_problem(path: str, position: str) -> Problem | None:
    if not path:
        return "bad-annotation", f"{position} names no file"
    if unsafe_path(path):
        return "unsafe-member", f"{position} names a path outside the source"
    return None


def _label(table: Table, columns: Columns, cells: Cells) -> tuple[str, Problem | None]:
    if columns.label is not None:
        cell = cells[columns.label]
        if isinstance(cell, UnusableCell):
            return "", (cell.reason, cell.detail)
        label = cell_text(cell)
        return label, None if label else ("missing-label", "its label is empty")
    texts = [cell_text(cells[index]) for index in columns.one_hot]
    other = next((text for text in texts if whole_number(text) not in (0, 1)), None)
    if other is not None:
        return "", ("missing-label", f"{other!r} in the column of a class is neither 0 nor 1")
    hot = [table.columns[index] for index, text in zip(columns.one_hot, texts, strict=True)
           if whole_number(text) == 1]  # fmt: skip
    if len(hot) == 1:
        return hot[0], None
    if not hot:
        return "", ("missing-label", "no class has a 1")
    return "", ("conflicting-labels", f"it has the classes {' and '.join(hot)}")


def _part(columns: Columns, cells: Cells) -> Split | None:
    text = cell_text(cells[columns.split or 0]).lower()
    if columns.flag is None:
        return split_in_name(text)
    flagged = text in ("1", "true")
    return "test" if flagged == (columns.flag == "test") else "train"


def _box(columns: Columns, cells: Cells) -> tuple[Box | None, Problem | None]:
    """Return the box of a row.

    Corners count from 1 and include both ends, as in Stanford's devkit and Pascal VOC; left, top,
    width and height are in pixels from 0.
    """
    if columns.box is None:
        return None, None
    texts = [cell_text(cells[index]) for index in columns.box]
    if not any(texts):
        return None, None
    numbers = _numbers(texts)
    problem: Problem = ("bad-box", f"no box, but {', '.join(texts)}")
    if numbers is None or max(numbers) <= 1:
        return None, problem
    left, top, third, fourth = numbers
    if columns.sized:
        sides = (left, top, left + third, top + fourth)
    else:
        sides = (left - 1, top - 1, third, fourth)
    box = Box(*(math.floor(side) for side in sides[:2]), *(math.ceil(side) for side in sides[2:]))
    return (box, None) if box.right > box.left and box.bottom > box.top else (None, problem)


def _numbers(texts: Sequence[Any]) -> list[float] | None:
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) and max(numbers) < 1e9 else None

"""Roles of a table's columns: which one names the photo, the class, the split, and a box."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from include.image_classification.dataset.source.file_kinds import is_photo_name
from include.image_classification.dataset.source.split_names import split_in_name
from include.image_classification.dataset.tables import column_names as names
from include.image_classification.dataset.tables.options import SETTING
from include.image_classification.dataset.tables.table import Cells, Table, cell_text

IsPhoto = Callable[[str], bool]
"""Returns whether a cell names a photo of the source."""


class ColumnsError(Exception):
    """A table's columns are not those of a label file; the message names file and columns."""


@dataclass(frozen=True)
class Columns:
    """The roles of a table's columns, by index.

    Attributes:
        file: The column that names the photo.
        label: The column that names the class, or None for one column a class.
        one_hot: The columns of one class each, with a 1 for the photo's class.
        split: The column that names the split, or None.
        flag: The split of photos whose split column is 1, if it is a flag.
        box: The four columns of a box, or None.
        sized: Whether the box is left, top, width and height instead of two corners.
        certain: Whether the label column has a usual name or was set.
    """

    file: int
    label: int | None
    one_hot: tuple[int, ...] = ()
    split: int | None = None
    flag: str | None = None
    box: tuple[int, ...] | None = None
    sized: bool = False
    certain: bool = True

    def describe(self, table: Table) -> str:
        """Return what the columns are, for the log."""
        label = "one column a class" if self.label is None else table.columns[self.label]
        parts = [f"file {table.columns[self.file]}", f"label {label}"]
        if self.box:
            parts.append("a box")
        if self.split is not None:
            parts.append(f"split {table.columns[self.split]}")
        return ", ".join(parts)


def find_roles(table: Table, is_photo: IsPhoto, chosen: Mapping[str, str]) -> Columns:
    """Return the roles of a table's columns.

    The settings decide first, then usual names, then the cells: photos of the source's names, zeros
    and ones. A column that is the only one without a role has the labels.

    Args:
        table: The table.
        is_photo: Returns whether a cell names a photo.
        chosen: Columns by role, from the settings.

    Raises:
        ColumnsError: A role has no column, or several columns might have it.
    """
    sample = table.sample()
    if not sample:
        raise ColumnsError(f"{table.name} has no rows")
    settings = {role: _chosen(table, role, column) for role, column in chosen.items()}
    file = settings.get("file")
    file = _find_file(table, sample, is_photo) if file is None else file
    box, sized = _find_box(table, sample, settings, file)
    split, flag = _find_split(table, sample, settings, file)
    taken = {file, *(box or ()), *(() if split is None else (split,))}
    role = settings.get("label")
    if role is not None:
        return Columns(file, role, (), split, flag, box, sized)
    label, one_hot, certain = _find_label(table, sample, taken)
    return Columns(file, label, one_hot, split, flag, box, sized, certain)


def _chosen(table: Table, role: str, column: str) -> int:
    if column in table.columns:
        return table.columns.index(column)
    if column.isdecimal() and 1 <= int(column) <= len(table.columns):
        return int(column) - 1
    raise ColumnsError(f"{table.name} has no column {column!r} for {role}: {table.described()}")


def _find_file(table: Table, sample: Sequence[Cells], is_photo: IsPhoto) -> int:
    hits = _count(table, sample, lambda text: is_photo_name(text) and is_photo(text))
    if not any(hits):
        hits = _count(table, sample, is_photo)
    for group in (names.FILE, names.IDENTIFIER):
        named = [index for index in names.find_columns(table.columns, group) if hits[index]]
        if table.headed and named:
            return max(named, key=lambda index: hits[index])
    best = [index for index, count in enumerate(hits) if count and count == max(hits)]
    if len(best) == 1:
        return best[0]
    if not best:
        raise ColumnsError(f"no column of {table.name} names photos of the source; it has"
                           f" {table.described()}")  # fmt: skip
    raise _unclear(table, "names the photos", "file")


def _count(table: Table, sample: Sequence[Cells], check: IsPhoto) -> list[int]:
    """Return for each column how many cells pass a check."""
    return [
        sum(index < len(cells) and check(cell_text(cells[index])) for cells in sample)
        for index in range(len(table.columns))
    ]


def _unclear(table: Table, question: str, role: str) -> ColumnsError:
    return ColumnsError(
        f"{table.name} has {table.described()}; which of them {question} is not clear: name it in"
        f" {SETTING}, for example {role}={_example(table)}"
    )


def _example(table: Table) -> str:
    return table.columns[-1] or str(len(table.columns))


def _find_box(
    table: Table, sample: Sequence[Cells], settings: Mapping[str, int], file: int
) -> tuple[tuple[int, ...] | None, bool]:
    sides = [settings.get(role) for role in ("x1", "y1", "x2", "y2")]
    found = tuple(side for side in sides if side is not None)
    if len(found) == 4:
        return found, False
    if table.headed:
        corners = names.find_group(table.columns, names.CORNERS)
        sizes = names.find_group(table.columns, names.SIZES)
        return (corners, False) if corners else (sizes, True)
    # Without a header: four numbers in a row, in a table that has a column for the class as well.
    numbers = [index for index in range(len(table.columns)) if index != file]
    numbers = [index for index in numbers if _all(sample, index, _is_number)]
    start = next((index for index in numbers if {*range(index, index + 4)} <= {*numbers}), None)
    if start is None or len(table.columns) != 6:
        return None, False
    return tuple(range(start, start + 4)), False


def _find_split(
    table: Table, sample: Sequence[Cells], settings: Mapping[str, int], file: int
) -> tuple[int | None, str | None]:
    if "split" in settings:
        return settings["split"], None
    if not table.headed:
        others = [index for index in range(len(table.columns)) if index != file]
        named = [i for i in others if _all(sample, i, lambda text: split_in_name(text) is not None)]
        return (named[0] if len(named) == 1 and len(others) > 1 else None), None
    for group, flag in ((names.TEST_FLAG, "test"), (names.TRAIN_FLAG, "train")):
        for index in names.find_columns(table.columns, group):
            if _all(sample, index, lambda text: text.lower() in ("0", "1", "true", "false")):
                return index, flag
    for index in names.find_columns(table.columns, names.SPLIT):
        if index != file and _all(sample, index, lambda text: split_in_name(text) is not None):
            return index, None
    return None, None


def _find_label(
    table: Table, sample: Sequence[Cells], taken: set[int]
) -> tuple[int | None, tuple[int, ...], bool]:
    rest = [index for index in range(len(table.columns)) if index not in taken]
    if table.labels:
        known = [index for index in rest if table.columns[index] in table.labels]
        if len(known) != 1:
            raise _unclear(table, "has the labels", "label")
        return known[0], (), True
    if table.headed:
        for group in (names.CLASS_NAME, names.CLASS, names.CLASS_NUMBER):
            named = [index for index in names.find_columns(table.columns, group) if index in rest]
            if len(named) > 1:
                raise _unclear(table, "has the labels", "label")
            if named:
                return named[0], (), True
        unnamed = names.find_columns(table.columns, (*names.OTHER, *names.IDENTIFIER, *names.FILE))
        rest = [index for index in rest if index not in unnamed]
    if len(rest) == 1:
        return rest[0], (), not table.headed
    if table.headed and len(rest) > 1 and all(_all(sample, index, _is_binary) for index in rest):
        return None, tuple(rest), True
    raise _unclear(table, "has the labels", "label")


def _all(sample: Sequence[Cells], index: int, check: Callable[[str], bool]) -> bool:
    """Return whether the check holds for all cells of a column that are not empty, and for one."""
    texts = [text for cells in sample if index < len(cells) and (text := cell_text(cells[index]))]
    return bool(texts) and all(map(check, texts))


def _is_binary(text: str) -> bool:
    return text in ("0", "1", "0.0", "1.0")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

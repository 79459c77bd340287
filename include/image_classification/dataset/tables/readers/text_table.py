"""Tables in text files: `path label` on each line, and CUB's files that share numbers."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from include.image_classification.dataset.source.file_kinds import PHOTO_SUFFIXES
from include.image_classification.dataset.tables.readers.csv_table import read_csv
from include.image_classification.dataset.tables.table import SAMPLE_ROWS, Cells, Table, TableRow

_SUFFIXES = "|".join(sorted(suffix.removeprefix(".") for suffix in PHOTO_SUFFIXES))
# A path and a class may contain spaces; the photo's suffix ends the path.
_PATH_FIRST = re.compile(rf"(.+?\.(?:{_SUFFIXES}))[\s,;]+(.+)", re.IGNORECASE)
_NUMBER_FIRST = re.compile(rf"(\d+)\s+(.+\.(?:{_SUFFIXES}))", re.IGNORECASE)

IMAGES = "images.txt"
CUB_FILES = {
    "image_class_labels.txt": ("label",),
    "train_test_split.txt": ("is_training_image",),
    "bounding_boxes.txt": ("x", "y", "width", "height"),
}


def read_text_table(name: str, text: str, is_photo: Callable[[str], bool]) -> Table | None:
    """Return the table in a text file, or None if its lines do not have two columns or more.

    Columns are separated by tabs, else by spaces; a path before its suffix, and a class name after
    it, may contain spaces. Lines that begin with # are comments. The file has no header.
    """
    lines = [line for _, line in zip(range(SAMPLE_ROWS), _lines(text), strict=False)]
    split = _splitter([line for _, line in lines])
    if split is None:
        return read_csv(name, text, is_photo)
    width = len(split(lines[0][1]))

    def rows() -> Iterator[TableRow]:
        for number, line in _lines(text):
            yield f"{name} line {number}", split(line)

    return Table(name, tuple(map(str, range(1, width + 1))), False, rows)


def join_cub(texts: Mapping[str, str]) -> dict[str, Table]:
    """Return the tables of CUB's files, which name photos by number, by the name of images.txt.

    images.txt has number and path; image_class_labels.txt has number and class, and other files
    beside it have the split and the box.
    """
    tables = {}
    for name, text in texts.items():
        folder, slash, base = name.rpartition("/")
        beside = {other: texts.get(f"{folder}{slash}{other}") for other in CUB_FILES}
        if base == IMAGES and beside["image_class_labels.txt"] is not None:
            tables[name] = _joined(name, text, {key: found for key, found in beside.items()
                                                if found is not None})  # fmt: skip
    return tables


def cub_parts(name: str) -> list[str]:
    """Return the paths of the files that may belong to an images.txt."""
    folder, slash, _ = name.rpartition("/")
    return [f"{folder}{slash}{other}" for other in CUB_FILES]


def _joined(name: str, text: str, beside: Mapping[str, str]) -> Table:
    columns = ["file", *(column for other in beside for column in CUB_FILES[other])]

    def rows() -> Iterator[TableRow]:
        values = {other: dict(_numbered(found)) for other, found in beside.items()}
        for position, line in _lines(text):
            number, _, path = line.partition(" ")
            cells: list[str] = [path.strip()]
            for other in beside:
                width = len(CUB_FILES[other])
                cells += (values[other].get(number, "").split() + [""] * width)[:width]
            yield f"{name} line {position}", cells

    return Table(name, tuple(columns), True, rows)


def _numbered(text: str) -> Iterator[tuple[str, str]]:
    for _, line in _lines(text):
        number, _, rest = line.partition(" ")
        yield number, rest


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _splitter(lines: Sequence[str]) -> Callable[[str], Cells] | None:
    """Return how lines are split into columns; None for the separators of CSV, or one column."""
    if not lines:
        return None
    if _most(lines, lambda line: "\t" in line):
        return lambda line: [cell.strip() for cell in line.split("\t")]
    if _most(lines, lambda line: _PATH_FIRST.fullmatch(line) is not None):
        count = {_count_numbers(line) for line in lines}
        several = max(count, default=1) if len(count) == 1 else 1
        return lambda line: _path_first(line, several)
    if _most(lines, lambda line: _NUMBER_FIRST.fullmatch(line) is not None):
        return lambda line: line.split(None, 1)
    if any("," in line or ";" in line for line in lines):
        return None
    widths = {len(line.split()) for line in lines}
    return (lambda line: line.split()) if len(widths) == 1 and widths != {1} else None


def _path_first(line: str, numbers: int) -> Cells:
    found = _PATH_FIRST.fullmatch(line)
    if found is None:
        return [line]
    rest = re.split(r"[\s,;]+", found[2]) if numbers > 1 else [found[2].strip()]
    return [found[1], *rest]


def _count_numbers(line: str) -> int:
    """Return how many numbers follow the path, or 1 for a class name."""
    found = _PATH_FIRST.fullmatch(line)
    cells = re.split(r"[\s,;]+", found[2]) if found else []
    return len(cells) if all(cell.lstrip("-").replace(".", "", 1).isdecimal() for cell in cells) \
        else 1  # fmt: skip


def _most(lines: Sequence[str], check: Callable[[str], bool]) -> bool:
    return 2 * sum(map(check, lines)) > len(lines)

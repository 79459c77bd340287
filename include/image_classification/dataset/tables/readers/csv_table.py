"""Tables in CSV files: any of four separators, with or without a header."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from include.image_classification.container import CommandError
from include.image_classification.dataset.source.file_kinds import is_photo_name
from include.image_classification.dataset.tables.column_names import is_known_name
from include.image_classification.dataset.tables.table import Table, TableRow

SEPARATORS = (",", ";", "\t", "|")
SAMPLE_LINES = 50


def read_csv(name: str, text: str, is_photo: Callable[[str], bool]) -> Table | None:
    """Return the table in a CSV file, or None if it has no rows with at least two columns.

    The separator is the one that gives the first lines the same, largest number of columns. The
    first line is a header unless it names a photo.

    Args:
        name: The file's path in the source.
        text: Its text.
        is_photo: Returns whether a cell names a photo of the source.

    Raises:
        CommandError: A line cannot be parsed; the message names file and line.
    """
    separator = find_separator(name, text)
    if separator is None:
        return None
    first = next(_parse(name, text, separator))[1]
    headed = _is_header(first, is_photo)
    if headed:
        columns = tuple(cell.strip() for cell in first)
    else:
        columns = tuple(map(str, range(1, len(first) + 1)))

    def rows() -> Iterator[TableRow]:
        return islice(_parse(name, text, separator), int(headed), None)

    return Table(name, columns, headed, rows)


def find_separator(name: str, text: str) -> str | None:
    """Return the separator of a CSV file, or None if the lines have one column."""
    widths: dict[str, int] = {}
    for separator in SEPARATORS:
        found = [len(cells) for _, cells in islice(_parse(name, text, separator), SAMPLE_LINES)]
        # A few lines may be damaged; the usual width counts.
        usual = max(set(found), key=found.count, default=0)
        widths[separator] = usual if 2 * found.count(usual) > len(found) else 0
    best = max(SEPARATORS, key=lambda separator: widths[separator])
    return best if widths[best] > 1 else None


def _parse(name: str, text: str, separator: str) -> Iterator[TableRow]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator != "\t"
    )
    number = 0
    try:
        for cells in reader:
            number = reader.line_num
            if any(cell.strip() for cell in cells):
                yield f"{name} line {number}", cells
    except csv.Error as error:
        message = f"{name} line {number + 1} cannot be parsed ({error}); correct its quotes"
        raise CommandError(message) from error


def _is_header(cells: Sequence[str], is_photo: Callable[[str], bool]) -> bool:
    if any(is_photo_name(cell.strip()) or "/" in cell or "\\" in cell for cell in cells):
        return False
    return any(map(is_known_name, cells)) or not any(map(is_photo, cells))

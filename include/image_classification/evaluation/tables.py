"""CSV tables, written row by row."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from include.common.csv_cells import escape_cell

WriteRow = Callable[[Iterable[Any]], object]


@contextmanager
def open_table(path: Path, header: Sequence[str]) -> Iterator[WriteRow]:
    """Open a table and yield the function that writes a row.

    The file appears when the block ends; after an exception there is none. A name that a
    spreadsheet would interpret as a formula gets a leading apostrophe.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            yield lambda row: writer.writerow(map(escape_cell, row))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a table, see `open_table`."""
    with open_table(path, header) as write:
        for row in rows:
            write(row)

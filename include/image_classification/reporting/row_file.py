"""CSV file of rows that are read again in another order, with 8 bytes of memory a row."""

import csv
import io
import os
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from include.common.csv_cells import escape_cell


class RowFile:
    """Writes a table row by row, and copies rows to another table.

    The file appears when the context ends without an error. Names that are not UTF-8 keep their
    bytes. A name that a spreadsheet would interpret as a formula gets a leading apostrophe.

    Args:
        path: The file.
        header: The names of the columns.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._file = self._part.open("w+b")
        self._line = io.StringIO(newline="")
        self._writer = csv.writer(self._line)
        self._ends = array("Q")
        self.add(header)

    def add(self, cells: Iterable[Any]) -> None:
        """Append a row."""
        self._writer.writerow(map(escape_cell, cells))
        start = self._ends[-1] if self._ends else 0
        data = self._line.getvalue().encode("utf-8", "surrogateescape")
        self._ends.append(start + self._file.write(data))
        self._line.seek(0)
        self._line.truncate()

    def copy_rows(self, path: Path, rows: Iterable[int]) -> None:
        """Write another table with the header and these rows, counted from 0, in their order."""
        with path.open("wb") as target:
            target.write(self._read(0, self._ends[0]))
            for row in rows:
                target.write(self._read(self._ends[row], self._ends[row + 1]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if kind is None:
            os.replace(self._part, self._path)
        else:
            self._part.unlink()

    def _read(self, start: int, end: int) -> bytes:
        self._file.seek(start)
        return self._file.read(end - start)

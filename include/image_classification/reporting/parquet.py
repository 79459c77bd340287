"""Predictions as Parquet, for Athena, pandas or Spark."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import duckdb
import numpy as np

from include.image_classification.reporting.rows import Row

ROWS_IN_MEMORY, ROWS_IN_GROUP = 4096, 32_768


class ParquetWriter:
    """Writes rows in order, with the columns of predictions.csv.

    Labels and files are strings, probabilities are doubles, `correct` is a boolean or null. Memory
    holds a part of the rows; the parts are temporary files until the context ends without an error,
    which joins them.

    Args:
        path: The file.
        header: The names of the columns.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._path = path
        self._header = header
        self._rows: list[Row] = []
        self._folder = tempfile.TemporaryDirectory(prefix="parquet-")
        self._parts: list[str] = []
        # With one thread, joining the parts takes the memory of one part.
        self._database = duckdb.connect(config={"threads": 1})

    def add(self, row: Row) -> None:
        """Append a row."""
        self._rows.append(row)
        if len(self._rows) == ROWS_IN_MEMORY:
            self._write_part()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._folder, self._database:
            if kind is None:
                self._join_parts()

    def _join_parts(self) -> None:
        if self._rows or not self._parts:
            self._write_part()
        self._database.read_parquet(self._parts).write_parquet(
            str(self._path), row_group_size=ROWS_IN_GROUP
        )

    def _write_part(self) -> None:
        self._database.register("part", _columns(self._rows, self._header))
        # Without a cast, a column that holds only nulls would have no type.
        typed = ", ".join(f'CAST("{name}" AS {_type(name)}) AS "{name}"' for name in self._header)
        part = str(Path(self._folder.name) / f"{len(self._parts):06d}.parquet")
        self._database.sql(f"SELECT {typed} FROM part").write_parquet(part)
        self._parts.append(part)
        self._rows = []


def _columns(rows: Sequence[Row], header: Sequence[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {"file": _text(row.file for row in rows)}
    for rank in range(sum(name.startswith("probability") for name in header)):
        suffix = f"_{rank + 1}" if rank else ""
        guesses = [row.guesses[rank] for row in rows]
        columns[f"label{suffix}"] = _text(guess.label for guess in guesses)
        columns[f"probability{suffix}"] = np.array([guess.probability for guess in guesses])
    columns["truth"] = _text(row.truth for row in rows)
    columns["correct"] = np.array([row.correct for row in rows], object)
    return columns


def _text(values: Any) -> Any:
    """Return strings as UTF-8, as Parquet requires; names of files may contain other bytes."""
    return np.array(
        [None if value is None else value.encode(errors="replace").decode() for value in values],
        object,
    )


def _type(name: str) -> str:
    if name == "correct":
        return "BOOLEAN"
    return "DOUBLE" if name.startswith("probability") else "VARCHAR"

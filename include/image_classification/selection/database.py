"""The database in which the listing is joined with the ledger.

It is a file with a fixed limit of memory: more rows are spilled to the job's volume.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

MEMORY = "1GB"


@contextmanager
def open_database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database whose files are in a folder."""
    settings: dict[str, Any] = {"memory_limit": MEMORY, "temp_directory": str(folder / "spilled")}
    with duckdb.connect(str(folder / "select.duckdb"), config=settings) as database:
        database.execute("SET preserve_insertion_order = false")
        yield database


def insert(
    database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Sequence[Any]]
) -> None:
    """Append rows, given as columns, to a table; the order of columns is the table's."""
    if not columns[0]:
        return
    # DuckDB reads NumPy arrays at once; row by row it is a hundred times slower.
    rows = {f"c{number}": _array(column) for number, column in enumerate(columns)}
    database.register("rows_to_insert", rows)
    database.execute(f"INSERT INTO {table} SELECT * FROM rows_to_insert")
    database.unregister("rows_to_insert")


def _array(column: Sequence[Any]) -> Any:
    return np.array(column, object if isinstance(column[0], str) else None)

"""Parquet files with photos in them: columns, class names, and rows read in bounded memory.

DuckDB reads them, because pyarrow requires NumPy 2, which MXNet does not support.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from include.image_classification.container import CommandError
from include.image_classification.dataset.parquet.archived import Copies
from include.image_classification.dataset.tables.readers.text import LFS_POINTER, lfs_error
from include.image_classification.dataset.tables.table import (
    Table,
    TableRow,
    cell_text,
    whole_number,
)

MAGIC = b"PAR1"
BATCH_BYTES = 32 << 20
"""Rows are read in batches of about this size, at least one row."""

MAX_BATCH_ROWS = 1000

# Types whose values are one cell of a table.
_CELLS = ("VARCHAR", "ENUM", "BOOLEAN", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT",
          "UINTEGER", "USMALLINT", "UTINYINT", "DOUBLE", "FLOAT")  # fmt: skip
_SHARD = re.compile(r"-\d+-of-\d+.*$")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shard:
    """A Parquet file.

    Attributes:
        path: The file or, for a file in an archive, its copy.
        name: Its path in the source; an archive counts as a folder with its name.
        rows: The number of rows.
        columns: The type of each column, as DuckDB names it.
        class_names: The class names by column, from the metadata of Hugging Face's library.
        archive: The archive that has the file, or None.
        copies: Keeps the copy.
    """

    path: Path
    name: str
    rows: int
    columns: Mapping[str, str]
    class_names: Mapping[str, Sequence[str]]
    archive: Path | None = None
    copies: Copies | None = None

    @property
    def read(self) -> Path:
        """What is read of the source: the file, or the archive."""
        return self.archive or self.path

    @property
    def stem(self) -> str:
        """The file's name without the number of the shard: train-00000-of-00001 is train."""
        return _SHARD.sub("", PurePosixPath(self.name).stem)


def open_shard(path: Path, name: str) -> Shard:
    """Read a file's columns and metadata.

    Raises:
        CommandError: The file is no Parquet file, or is cut off or damaged.
    """
    _check_ends(path, name)
    with _connect(name) as database:
        (rows,) = _fetch(database, "SELECT num_rows FROM parquet_file_metadata(?)", path)[0]
        columns = _fetch(database, "DESCRIBE SELECT * FROM read_parquet(?)", path)
        metadata = _fetch(database, "SELECT key, value FROM parquet_kv_metadata(?)", path)
    features = {bytes(key): bytes(value) for key, value in metadata}.get(b"huggingface", b"")
    return Shard(path, name, rows, {row[0]: row[1] for row in columns}, _class_names(features))


def read_rows(shard: Shard, expressions: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a shard: the row's number from 0, then the values of SQL expressions.

    A batch of rows is in memory at a time, and what DuckDB needs to decompress the column.

    Raises:
        CommandError: The file is damaged.
    """
    values = ", ".join(["file_row_number", *expressions])
    query = (
        f"SELECT {values} FROM read_parquet(?, file_row_number=true)"
        " WHERE file_row_number >= ? AND file_row_number < ?"
    )
    with _connect(shard.name) as database:
        step = _batch_rows(database, shard)
        for start in range(0, shard.rows, step):
            yield from database.execute(query, [str(shard.path), start, start + step]).fetchall()


def metadata_table(shard: Shard) -> Table:
    """Return a Parquet file without photos as a table of labels."""
    columns = [column for column, kind in shard.columns.items() if kind.startswith(_CELLS)]
    names = {column: shard.class_names.get(column, ()) for column in columns}

    def rows() -> Iterator[TableRow]:
        for number, *cells in read_rows(shard, [quoted(column) for column in columns]):
            values = zip(columns, cells, strict=True)
            yield f"{shard.name} row {number}", [class_of(c, names[column]) for column, c in values]

    return Table(shard.name, tuple(columns), True, rows)


def class_of(value: Any, names: Sequence[str]) -> str:
    """Return the class of a cell: the name of its number, if the column has names, or its text."""
    text = cell_text(value)
    number = whole_number(text)
    if names and number is not None and text not in names:
        return names[number] if 0 <= number < len(names) else text
    return text


def quoted(column: str) -> str:
    """Return a column's name as an SQL identifier."""
    escaped = column.replace('"', '""')
    return f'"{escaped}"'


def names_of_features(features: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return the names of ClassLabel columns in features as Hugging Face's library writes them."""
    return {
        column: tuple(map(str, feature["names"]))
        for column, feature in features.items()
        if isinstance(feature, dict) and isinstance(feature.get("names"), list)
    }


def _batch_rows(database: "duckdb.DuckDBPyConnection", shard: Shard) -> int:
    query = "SELECT sum(total_uncompressed_size) FROM parquet_metadata(?)"
    size = _fetch(database, query, shard.path)[0][0] or 0
    return max(1, min(MAX_BATCH_ROWS, BATCH_BYTES * shard.rows // max(1, int(size))))


def _fetch(database: "duckdb.DuckDBPyConnection", query: str, path: Path) -> list[Any]:
    return database.execute(query, [str(path)]).fetchall()


@contextmanager
def _connect(name: str) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open DuckDB and turn its errors about a damaged file into a CommandError."""
    # With one thread, rows keep their order.
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "autoinstall_known_extensions": False,
    }
    with duckdb.connect(config=settings) as database:
        database.execute("SET enable_progress_bar = false")
        # Otherwise DuckDB reads whole row groups at once, and keeps what it has read.
        database.execute("SET disable_parquet_prefetching = true")
        database.execute("SET enable_external_file_cache = false")
        try:
            yield database
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise CommandError(
                f"{name} is damaged or has unsupported columns ({reason}); download or write it"
                " again"
            ) from error


def _check_ends(path: Path, name: str) -> None:
    with path.open("rb") as file:
        start = file.read(len(LFS_POINTER))
        file.seek(max(0, path.stat().st_size - len(MAGIC)))
        end = file.read()
    if start == LFS_POINTER:
        raise lfs_error(name)
    if not start.startswith(MAGIC):
        raise CommandError(f"{name} is not a Parquet file; it starts with {start[:8]!r}")
    if end != MAGIC:
        raise CommandError(f"{name} is cut off: its end is missing; download it again")


def _class_names(metadata: bytes) -> dict[str, Sequence[str]]:
    """Return the names of ClassLabel columns in the schema metadata of Hugging Face's library."""
    try:
        return names_of_features(json.loads(metadata or b"{}").get("info", {}).get("features", {}))
    except (ValueError, AttributeError, TypeError):
        _log.warning("the metadata of Hugging Face's library cannot be read; it is not used")
        return {}

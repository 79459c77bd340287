"""The ledger: the images that batches have processed, in one Parquet object.

The records of the batches are the truth, and the ledger is a copy of what `select` needs of them.
It is compared with the records at each run: a batch without a record does not count, and a record
that is new or was written again is read. A ledger that is missing or damaged is made again from all
records.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from include.image_classification.selection.database import insert

TABLE = "ledger"
COLUMNS = "key VARCHAR, tag VARCHAR, batch VARCHAR, record VARCHAR"

_log = logging.getLogger(__name__)


class Ledger:
    """The table `ledger`: one row for each image of each batch.

    Rows have the image's key and ETag, the batch, and the ETag of the batch's record. All batches
    of an image are kept, so that deleting the latest one leaves the earlier ones.

    Args:
        database: The database of the table.
        file: The Parquet file of an earlier run, or None.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, file: Path | None) -> None:
        self._database = database
        database.execute(f"CREATE TABLE {TABLE} ({COLUMNS})")
        self.changed = file is None or not self._load(file)

    def records(self) -> dict[str, str]:
        """Return the ETag of each batch's record, as it was read."""
        rows = self._database.execute(f"SELECT DISTINCT batch, record FROM {TABLE}").fetchall()
        return dict(rows)

    def remove(self, batches: Collection[str]) -> None:
        """Remove the rows of batches."""
        for batch in batches:
            self._database.execute(f"DELETE FROM {TABLE} WHERE batch = ?", [batch])
            self.changed = True

    def add(self, batch: str, record: str, images: Mapping[str, str]) -> None:
        """Add a batch's images: their ETags by key.

        Args:
            batch: The batch.
            record: The ETag of its record.
            images: The images that the batch predicted or left out as unreadable.
        """
        count = len(images)
        columns = (tuple(images), tuple(images.values()), (batch,) * count, (record,) * count)
        insert(self._database, TABLE, columns)
        self.changed = True

    def save(self, file: Path) -> None:
        """Write the ledger as Parquet."""
        query = f"SELECT * FROM {TABLE} ORDER BY batch, key"
        self._database.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")

    def _load(self, file: Path) -> bool:
        """Read an earlier ledger; return False, and log why, if it is damaged."""
        try:
            columns = ", ".join(name.split()[0] for name in COLUMNS.split(", "))
            self._database.execute(
                f"INSERT INTO {TABLE} SELECT {columns} FROM read_parquet(?)", [str(file)]
            )
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            _log.warning("The ledger is damaged, and is made again from all records: %s", reason)
            self._database.execute(f"DELETE FROM {TABLE}")
            return False
        return True

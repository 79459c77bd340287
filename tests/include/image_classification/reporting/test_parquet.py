"""Parquet files that are written in parts."""

from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from include.image_classification.reporting import parquet
from include.image_classification.reporting.parquet import ParquetWriter
from include.image_classification.reporting.rows import Guess, Row

HEADER = ["file", "label", "probability", "truth", "correct"]


def test_parts_are_joined_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_IN_MEMORY", 3)
    path = tmp_path / "rows.parquet"
    with ParquetWriter(path, HEADER) as writer:
        for number in range(10):
            truth = "Audi" if number == 9 else None  # all truths of the first parts are null
            writer.add(Row(f"{number}.jpg", (Guess("Audi", number / 10),), truth))
    with duckdb.connect() as database:
        rows = database.read_parquet(str(path)).fetchall()
    assert [row[0] for row in rows] == [f"{number}.jpg" for number in range(10)]
    assert rows[8] == ("8.jpg", "Audi", 0.8, None, None)
    assert rows[9] == ("9.jpg", "Audi", 0.9, "Audi", True)


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with suppress(ValueError), ParquetWriter(path, HEADER) as writer:
        writer.add(Row("a.jpg", (Guess("Audi", 0.5),), None))
        raise ValueError
    assert not path.exists()

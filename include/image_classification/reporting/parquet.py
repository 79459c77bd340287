"""Predictions as Parquet, for Athena, pandas or Spark."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from include.image_classification.reporting.rows import Row


def write_parquet(path: Path, header: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows in order, with the columns of predictions.csv.

    Labels and files are strings, probabilities are doubles, `correct` is a boolean or null.
    """
    columns: dict[str, Any] = {"file": _text(row.file for row in rows)}
    for rank in range(len(rows[0].guesses)):
        suffix = f"_{rank + 1}" if rank else ""
        guesses = [row.guesses[rank] for row in rows]
        columns[f"label{suffix}"] = _text(guess.label for guess in guesses)
        columns[f"probability{suffix}"] = np.array([guess.probability for guess in guesses])
    columns["truth"] = _text(row.truth for row in rows)
    columns["correct"] = np.array([row.correct for row in rows], object)
    # Without a cast, a column that holds only nulls would have no type.
    typed = ", ".join(f'CAST("{name}" AS {_type(name)}) AS "{name}"' for name in header)
    with duckdb.connect() as database:
        database.sql(f"SELECT {typed} FROM columns").write_parquet(str(path))


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

"""Compare the predictions of candidate and champion on the same photos.

The predictions of each model on its test split were stored when it was evaluated. Later dataset
versions keep every earlier image's split, so that the two test splits have images in common. These
are compared, by the labels of the candidate's dataset version.
"""

from __future__ import annotations

import contextlib
import csv
import sqlite3
from dataclasses import dataclass
from math import comb
from typing import Any

from include.common.csv_cells import unescape_cell
from include.decisions.registry.packages import Package
from include.storage.layout import Layout

CACHE_KIB = 8 * 1024
"""The memory of the tables, which are in a temporary file: about 100 bytes for each image."""

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class PairedPredictions:
    """Counts of right and wrong predictions on the images that both models have predicted.

    Attributes:
        both_right: Images that both models predicted right.
        candidate_only: Images that only the candidate predicted right.
        champion_only: Images that only the champion predicted right.
        both_wrong: Images that both predicted wrong.
        left_out: Classes that occur in only one of the splits; their images are not compared.
    """

    both_right: int
    candidate_only: int
    champion_only: int
    both_wrong: int
    left_out: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """The number of compared images."""
        return self.both_right + self.candidate_only + self.champion_only + self.both_wrong

    @property
    def candidate_top1(self) -> float:
        """The candidate's top-1 on the compared images."""
        return (self.both_right + self.candidate_only) / self.images

    @property
    def champion_top1(self) -> float:
        """The champion's top-1 on the compared images."""
        return (self.both_right + self.champion_only) / self.images

    @property
    def gain(self) -> float:
        """The candidate's top-1 minus the champion's top-1."""
        return (self.candidate_only - self.champion_only) / self.images

    @property
    def p_value(self) -> float:
        """The p-value of McNemar's test."""
        return mcnemar_p(self.candidate_only, self.champion_only)


def mcnemar_p(one_only: int, other_only: int) -> float:
    """Return the p-value of McNemar's test, two-sided and exact.

    The null hypothesis is that an image which only one model predicts right is equally likely to
    be either model's (McNemar 1947, doi:10.1007/BF02295996).

    Args:
        one_only: The number of images that only the first model predicted right.
        other_only: The number of images that only the second model predicted right.
    """
    differing, fewer = one_only + other_only, min(one_only, other_only)
    tail = sum(comb(differing, count) for count in range(fewer + 1))
    # Divide integers: a large power of two does not fit a float.
    return min(1.0, float(2 * tail / 2**differing))


def pair_predictions(
    s3: Any, layout: Layout, training_job: str, champion: Package
) -> PairedPredictions | None:
    """Compare a candidate's stored predictions with the champion's, in bounded memory.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        training_job: The candidate's training job.
        champion: The champion's package.

    Returns:
        None if predictions are missing, or if no image was predicted by both models.
    """
    champion_job = champion.metadata.get("training_job")
    if not champion_job:
        return None
    with contextlib.closing(_open_tables()) as tables:
        jobs = {"champions": champion_job, "candidates": training_job}
        found = [_load(tables, table, s3, layout, job) for table, job in jobs.items()]
        return _compare(tables) if all(found) else None


def _open_tables() -> sqlite3.Connection:
    """Return an empty database in a temporary file, of which a part is in memory."""
    tables = sqlite3.connect("")
    tables.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    for table in ("champions", "candidates"):
        tables.execute(
            f"CREATE TABLE {table} (key TEXT PRIMARY KEY, name TEXT, predicted TEXT) WITHOUT ROWID"
        )
    return tables


def _load(tables: sqlite3.Connection, table: str, s3: Any, layout: Layout, job: str) -> bool:
    """Store a model's predictions; return False if they are missing."""
    try:
        response = s3.get_object(Bucket=layout.bucket, Key=layout.evaluation_answers(job))
    except s3.exceptions.NoSuchKey:
        return False
    # A class name may contain a line break, in quotes: the lines keep their ends.
    lines = (line.decode() for line in response["Body"].iter_lines(CHUNK_BYTES, keepends=True))
    rows = (
        tuple(unescape_cell(row[column]) for column in ("key", "name", "predicted_name"))
        for row in csv.DictReader(lines)
    )
    tables.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)
    return True


def _compare(tables: sqlite3.Connection) -> PairedPredictions | None:
    """Compare the images of both tables; dataset versions may differ in their classes."""
    counts = {
        (bool(candidate), bool(champion)): count
        for candidate, champion, count in tables.execute(
            "SELECT candidates.predicted = candidates.name,"
            " champions.predicted = candidates.name, count(*)"
            " FROM candidates JOIN champions USING (key)"
            " WHERE candidates.name IN (SELECT name FROM champions) GROUP BY 1, 2"
        )
    }
    if not counts:
        return None
    left_out = tables.execute(
        "SELECT name FROM candidates WHERE name NOT IN (SELECT name FROM champions)"
        " UNION SELECT name FROM champions WHERE name NOT IN (SELECT name FROM candidates)"
    )
    return PairedPredictions(
        both_right=counts.get((True, True), 0),
        candidate_only=counts.get((True, False), 0),
        champion_only=counts.get((False, True), 0),
        both_wrong=counts.get((False, False), 0),
        left_out=tuple(sorted(name for (name,) in left_out)),
    )

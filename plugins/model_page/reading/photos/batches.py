"""Batches of predicted photos: listed by their folders, newest first, and read one by one."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from include.common.csv_cells import unescape_cell
from include.contracts.files import EVALUATED_CLASSES
from include.contracts.records import BatchReport
from include.storage.layout import Layout
from model_page.problems import Part, attempt
from model_page.reading.models.evaluations import Guess
from model_page.reading.objects import TABLE_BYTES, ObjectReader
from model_page.reading.together import read_all

PAGE_SIZE = 25
MAX_LISTS = 30
"""Lists of 1,000 folders that a page reads at first; later only new folders are listed."""

COMPLETE_AFTER = 300.0
"""Seconds after which all folders are listed again, since a user may have deleted some."""

FRESH_SECONDS = 5.0
RECENT_DAYS = 14
DOWNLOADS: Mapping[str, str] = {
    "predictions.csv": "text/csv",
    "predictions.parquet": "application/vnd.apache.parquet",
    "uncertain.csv": "text/csv",
}
"""The files of a report that users may download, and their types."""


@dataclass(frozen=True)
class BatchRow:
    """A batch on the list; its report is missing while it runs and if it had no readable photo."""

    name: str
    report: Part[BatchReport]


@dataclass(frozen=True)
class PredictedPhoto:
    """A predicted photo: its name below incoming/, and the likeliest classes."""

    file: str
    guesses: tuple[Guess, ...]

    @property
    def confidence(self) -> float:
        """The probability of the predicted class."""
        return self.guesses[0].probability


class BatchLister:
    """Lists the batches of pipelines. Names begin with a time, so that new folders come last."""

    def __init__(self, objects: ObjectReader, clock: Callable[[], float] = time.monotonic) -> None:
        self._objects, self._clock = objects, clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[list[str], float, float]] = {}

    def names(self, layout: Layout) -> list[str]:
        """Return the names of a pipeline's batches, the newest first."""
        now = self._clock()
        with self._lock:
            names, complete, fresh = self._known.get(layout.batches, ([], 0.0, 0.0))
        if names and now - fresh < FRESH_SECONDS:
            return names
        if not names or now - complete > COMPLETE_AFTER:
            names, complete = self._list(layout, ""), now
        else:
            names = [*self._list(layout, f"{layout.batch(names[0])}~"), *names]
        with self._lock:
            self._known[layout.batches] = (names, complete, now)
        return names

    def newest(self, layout: Layout, count: int, now: datetime | None = None) -> list[str]:
        """Return the newest batches; the whole list is not read if the last days have enough."""
        with self._lock:
            known = self._known.get(layout.batches)
        if known is None:
            since = (now or datetime.now(UTC)) - timedelta(days=RECENT_DAYS)
            recent = self._list(layout, layout.batch(f"{since:%Y%m%dT%H%M%S}"))
            if len(recent) >= count:
                return recent[:count]
        return self.names(layout)[:count]

    def _list(self, layout: Layout, after: str) -> list[str]:
        found: list[str] = []
        more: dict[str, str] = {"StartAfter": after} if after else {}
        for _ in range(MAX_LISTS):
            listed = self._objects.s3.list_objects_v2(
                Bucket=self._objects.bucket, Prefix=layout.batches, Delimiter="/", **more
            )
            folders = (folder["Prefix"] for folder in listed.get("CommonPrefixes", []))
            found += (folder.removeprefix(layout.batches).rstrip("/") for folder in folders)
            if not listed.get("IsTruncated"):
                break
            more = {"ContinuationToken": listed["NextContinuationToken"]}
        return sorted(found, reverse=True)


def read_rows(objects: ObjectReader, layout: Layout, names: list[str]) -> list[BatchRow]:
    """Return the reports of batches, in the order of their names."""
    return read_all(lambda name: BatchRow(name, _report(objects, layout, name)), names)


def _report(objects: ObjectReader, layout: Layout, name: str) -> Part[BatchReport]:
    key = layout.batch_summary(name)
    return attempt("the report", lambda: objects.record(key, BatchReport, "the job report"))


def uncertain_photos(
    objects: ObjectReader, layout: Layout, batch: str
) -> list[PredictedPhoto] | None:
    """Return a batch's uncertain photos, the least confident first, or None without a report."""
    key = f"{layout.batch_report(batch)}uncertain.csv"
    photos: list[PredictedPhoto] | None = objects.parse(key, parse_predictions, TABLE_BYTES)
    return photos


def parse_predictions(body: bytes) -> list[PredictedPhoto]:
    """Return the rows of predictions.csv or uncertain.csv.

    Raises:
        ValueError: A column is missing or a probability is no number.
    """
    reader = csv.DictReader(io.StringIO(body.decode("utf-8", "replace")))
    return [_photo({k: unescape_cell(v) for k, v in row.items() if k and v}) for row in reader]


def _photo(row: Mapping[str, str]) -> PredictedPhoto:
    ranks = ["", *(f"_{rank}" for rank in range(2, EVALUATED_CLASSES + 1))]
    try:
        guesses = [
            Guess(row[f"label{rank}"], float(row[f"probability{rank}"]))
            for rank in ranks
            if not rank or f"label{rank}" in row
        ]
        return PredictedPhoto(row["file"], tuple(guesses))
    except KeyError as error:
        raise ValueError(f"a row has no {error}") from error

"""Command `report`: tables, gallery and drift of a batch of predictions."""

import argparse
import csv
import datetime
import json
import logging
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from include.common.csv_cells import escape_cell
from include.contracts import files
from include.contracts.commands import Command, Input, Output, ReportFlag
from include.contracts.records import BatchReport, DriftReport
from include.image_classification.container import (
    CommandError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.version.manifest import write_json
from include.image_classification.evaluation.predictions import prediction_keys, read_prediction
from include.image_classification.flags import FlagParser
from include.image_classification.progress import with_progress
from include.image_classification.reporting.drift import Predictions, measure_drift, read_reference
from include.image_classification.reporting.gallery import write_gallery
from include.image_classification.reporting.parquet import write_parquet
from include.image_classification.reporting.rows import Row, cells, columns, make_row

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Read input/predictions and write CSV and Parquet tables, a gallery and report.json.

    uncertain.csv lists the images whose predicted class has a probability below the flag's value,
    the least confident first. Class names are read from input/version/classes.json, images from
    input/images. Optional inputs are the true classes in input/truth/labels.json, and the
    predictions of the model's evaluation in input/evaluation/answers.csv, for drift detection.

    Raises:
        CommandError: An input is missing or damaged.
    """
    started = time.perf_counter()
    flags = _parse_flags(argv)
    classes = _classes(processing_input(Input.VERSION) / files.CLASS_NAMES)
    truth = _truth(processing_input(Input.TRUTH) / files.TRUE_CLASSES)
    rows = read_rows(processing_input(Input.PREDICTIONS), classes, truth)
    uncertain = [row for row in rows if row.probability < flags.uncertain_below]
    folder = processing_output(Output.RESULT)
    _write_tables(folder, columns(len(classes), with_truth=bool(truth)), rows, uncertain)
    write_gallery(folder / "gallery.html", flags.batch, rows, processing_input(Input.IMAGES))
    summary = _summarize(flags.batch, rows, len(uncertain), started)
    write_json(folder / files.BATCH_REPORT, summary.as_json())
    _log.info("Batch %s: %d images in %d classes", flags.batch, len(rows), len(summary.classes))


def _parse_flags(argv: list[str]) -> argparse.Namespace:
    parser = FlagParser(Command.REPORT, "Report a batch of predictions: tables, gallery, drift.")
    parser.add_argument(ReportFlag.BATCH, required=True, help="name of the batch, for titles")
    parser.add_argument(
        ReportFlag.UNCERTAIN_BELOW,
        type=float,
        default=0.5,
        help="list images whose predicted class has a lower probability",
    )
    return parser.parse_args(argv)


def _write_tables(
    folder: Path, header: Sequence[str], rows: Sequence[Row], uncertain: Sequence[Row]
) -> None:
    by_file = sorted(rows, key=lambda row: row.file)
    write_table(folder / files.PREDICTIONS, header, by_file)
    write_table(folder / "uncertain.csv", header, uncertain)
    write_parquet(folder / "predictions.parquet", header, by_file)


def _summarize(batch: str, rows: Sequence[Row], uncertain: int, started: float) -> BatchReport:
    counts = Counter(row.label for row in rows)
    return BatchReport(
        stage="report",
        batch=batch,
        images=len(rows),
        classes=dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        uncertain=uncertain,
        drift=_drift(rows),
        seconds=round(time.perf_counter() - started, 3),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def read_rows(folder: Path, classes: Sequence[str], truth: dict[str, str]) -> list[Row]:
    """Return all predictions in a folder, the least confident first.

    Raises:
        CommandError: There are no predictions, or one is damaged.
    """
    rows = [
        make_row(key, read_prediction(folder, key, len(classes)), classes, truth)
        for key in with_progress(prediction_keys(folder), "predictions read")
    ]
    if not rows:
        raise CommandError(f"{folder} holds no .out files: check the output of the batch transform")
    return sorted(rows, key=lambda row: (row.probability, row.file))


def write_table(path: Path, header: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows as CSV, in order; names that are not UTF-8 keep their bytes.

    A name that a spreadsheet would interpret as a formula gets a leading apostrophe.
    """
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        with_truth = "truth" in header
        writer.writerows(map(escape_cell, cells(row, with_truth=with_truth)) for row in rows)


def _drift(rows: Sequence[Row]) -> DriftReport | None:
    reference = read_reference(processing_input(Input.EVALUATION) / files.ANSWERS)
    if reference is None:
        return None
    confidence = np.array([row.probability for row in rows])
    measured = measure_drift(reference, Predictions([row.label for row in rows], confidence))
    return DriftReport.model_validate(measured)


def _classes(path: Path) -> list[str]:
    classes = _json(path)
    if not isinstance(classes, list) or not classes:
        raise CommandError(f"{path} must be a JSON list of class names")
    return [str(name) for name in classes]


def _truth(path: Path) -> dict[str, str]:
    truth = _json(path) if path.exists() else {}
    if not isinstance(truth, dict):
        raise CommandError(f"{path} must be a JSON object that maps files to class names")
    return {str(key): str(name) for key, name in truth.items()}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(f"{path} is missing") from None
    except ValueError as error:
        raise CommandError(f"{path} is not valid JSON: {error}") from None

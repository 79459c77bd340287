"""The program `report`: a batch of predictions as a table and a gallery."""

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

from include.common.csv_cells import defuse
from include.contracts.commands import Command, Input, Output, ReportFlag
from include.contracts.records import BatchReport, DriftReport
from include.image_classification.container import (
    ProgramError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.version.manifest import write_json
from include.image_classification.evaluation.predictions import prediction_keys, read_prediction
from include.image_classification.flags import FlagParser
from include.image_classification.progress import with_progress
from include.image_classification.reporting.drift import Answers, drift, read_reference
from include.image_classification.reporting.gallery import write_gallery
from include.image_classification.reporting.parquet import write_parquet
from include.image_classification.reporting.rows import Row, cells, columns, make_row

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Read input/predictions; write them as CSV and Parquet, a gallery, and figures.

    uncertain.csv has those below the flag's probability, the least certain first. Class names come
    from input/version/classes.json, pictures from input/images, and, where they exist, the truth
    from input/truth/labels.json and the answers of the model's evaluation, which the batch's are
    compared with, from input/evaluation/answers.csv.
    """
    started = time.perf_counter()
    parser = FlagParser(Command.REPORT, "Turn a batch of predictions into a table and a gallery.")
    parser.add_argument(ReportFlag.BATCH, required=True, help="the batch's name, for the title")
    parser.add_argument(
        ReportFlag.UNCERTAIN_BELOW,
        type=float,
        default=0.5,
        help="list images whose first guess is less probable than this",
    )
    flags = parser.parse_args(argv)
    batch = flags.batch
    classes = _classes(processing_input(Input.VERSION) / "classes.json")
    truth = _truth(processing_input(Input.TRUTH) / "labels.json")
    rows = read_rows(processing_input(Input.PREDICTIONS), classes, truth)
    folder = processing_output(Output.RESULT)
    header = columns(len(classes), with_truth=bool(truth))
    by_file = sorted(rows, key=lambda row: row.file)
    uncertain = [row for row in rows if row.probability < flags.uncertain_below]
    write_table(folder / "predictions.csv", header, by_file)
    write_table(folder / "uncertain.csv", header, uncertain)
    write_parquet(folder / "predictions.parquet", header, by_file)
    write_gallery(folder / "gallery.html", batch, rows, processing_input(Input.IMAGES))
    counts = Counter(row.label for row in rows)
    summary = BatchReport(
        stage="report",
        batch=batch,
        images=len(rows),
        classes=dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        uncertain=len(uncertain),
        drift=_drift(rows),
        seconds=round(time.perf_counter() - started, 3),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    write_json(folder / "report.json", summary.as_json())
    _log.info("Batch %s: %d images in %d classes", batch, len(rows), len(counts))


def read_rows(folder: Path, classes: Sequence[str], truth: dict[str, str]) -> list[Row]:
    """Return every prediction in a folder, the least certain first.

    Raises:
        ProgramError: there are none, or one is damaged.
    """
    rows = [
        make_row(key, read_prediction(folder, key, len(classes)), classes, truth)
        for key in with_progress(prediction_keys(folder), "predictions read")
    ]
    if not rows:
        raise ProgramError(f"{folder} holds no .out files: did the batch transform write there?")
    return sorted(rows, key=lambda row: (row.probability, row.file))


def write_table(path: Path, header: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows as CSV, in their order; names that are no UTF-8 keep their bytes.

    A name that a spreadsheet would take for a formula has an apostrophe before it.
    """
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        with_truth = "truth" in header
        writer.writerows(map(defuse, cells(row, with_truth=with_truth)) for row in rows)


def _drift(rows: Sequence[Row]) -> DriftReport | None:
    reference = read_reference(processing_input(Input.EVALUATION) / "answers.csv")
    if reference is None:
        return None
    confidence = np.array([row.probability for row in rows])
    found = drift(reference, Answers([row.label for row in rows], confidence))
    return DriftReport.model_validate(found)


def _classes(path: Path) -> list[str]:
    classes = _json(path)
    if not isinstance(classes, list) or not classes:
        raise ProgramError(f"{path} must be a list of class names")
    return [str(name) for name in classes]


def _truth(path: Path) -> dict[str, str]:
    truth = _json(path) if path.exists() else {}
    if not isinstance(truth, dict):
        raise ProgramError(f"{path} must map each file to the name of its class")
    return {str(key): str(name) for key, name in truth.items()}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProgramError(f"{path} is missing") from None
    except ValueError as error:
        raise ProgramError(f"{path} is no JSON: {error}") from None

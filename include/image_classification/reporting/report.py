"""Command `report`: tables, gallery and drift of a batch of predictions."""

import argparse
import datetime
import json
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from include.contracts import files
from include.contracts.commands import Command, Input, Output, ReportFlag
from include.contracts.records import BatchReport, DriftReport
from include.image_classification.container import (
    CommandError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.version.manifest import write_json
from include.image_classification.evaluation.predictions import (
    UnreadablePhotoError,
    prediction_keys,
    read_prediction,
)
from include.image_classification.flags import FlagParser
from include.image_classification.progress import with_progress
from include.image_classification.reporting.completeness import check_completeness, read_plan
from include.image_classification.reporting.drift import Predictions, measure_drift, read_reference
from include.image_classification.reporting.gallery import MAX_PICTURES, write_gallery
from include.image_classification.reporting.overview import Overview
from include.image_classification.reporting.parquet import ParquetWriter
from include.image_classification.reporting.row_file import RowFile
from include.image_classification.reporting.rows import Row, cells, columns, make_row

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Read input/predictions and write CSV and Parquet tables, a gallery and report.json.

    uncertain.csv lists the images whose predicted class has a probability below the flag's value,
    the least confident first, and unreadable.json the photos for which the model's server returned
    an error. The planned images are read from input/plan/plan.json, class names from
    input/version/classes.json, images from input/images. Optional inputs are the true classes in
    input/truth/labels.json, and the predictions of the model's evaluation in
    input/evaluation/answers.csv, for drift detection.

    Raises:
        CommandError: An input is missing or damaged, a planned image has no prediction, or a
            prediction belongs to another image.
    """
    started = time.perf_counter()
    flags = _parse_flags(argv)
    classes = _classes(processing_input(Input.VERSION) / files.CLASS_NAMES)
    truth = _truth(processing_input(Input.TRUTH) / files.TRUE_CLASSES)
    plan = read_plan(processing_input(Input.PLAN) / files.BATCH_PLAN)
    unreadable: dict[str, str] = {}
    keys = check_completeness(plan, _keys(processing_input(Input.PREDICTIONS)))
    rows = _read_rows(processing_input(Input.PREDICTIONS), keys, classes, truth, unreadable)
    folder = processing_output(Output.RESULT)
    header = columns(len(classes), with_truth=bool(truth))
    overview, uncertain = _write_tables(folder, header, rows, flags.uncertain_below)
    write_json(folder / files.UNREADABLE, {"unreadable": unreadable})
    images = processing_input(Input.IMAGES)
    reasons = plan.unreadable | unreadable
    write_gallery(folder / "gallery.html", flags.batch, overview, images, reasons)
    summary = _summarize(flags.batch, overview, len(unreadable), uncertain, started)
    write_json(folder / files.BATCH_REPORT, summary.as_json())
    text = "Batch %s: %d images in %d classes, %d unreadable"
    _log.info(text, flags.batch, overview.images, len(summary.classes), len(unreadable))


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
    folder: Path, header: Sequence[str], rows: Iterable[Row], uncertain_below: float
) -> tuple[Overview, int]:
    """Write the tables of rows, which are read once in the order of their files.

    Returns:
        The overview of the rows, and the number of uncertain ones.
    """
    overview = Overview(kept=MAX_PICTURES)
    with (
        RowFile(folder / files.PREDICTIONS, header) as table,
        ParquetWriter(folder / "predictions.parquet", header) as parquet,
    ):
        for row in rows:
            table.add(cells(row, with_truth="truth" in header))
            parquet.add(row)
            overview.add(row)
        uncertain = overview.below(uncertain_below)
        table.copy_rows(folder / "uncertain.csv", uncertain.tolist())
    return overview, len(uncertain)


def _summarize(
    batch: str, overview: Overview, unreadable: int, uncertain: int, started: float
) -> BatchReport:
    return BatchReport(
        stage="report",
        batch=batch,
        images=overview.images,
        unreadable=unreadable,
        classes=dict(sorted(overview.classes.items(), key=lambda item: (-item[1], item[0]))),
        uncertain=uncertain,
        drift=_drift(overview),
        seconds=round(time.perf_counter() - started, 3),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _read_rows(
    folder: Path,
    keys: Iterable[str],
    classes: Sequence[str],
    truth: dict[str, str],
    unreadable: dict[str, str],
) -> Iterator[Row]:
    """Yield the predictions of images, and add the errors of the others to `unreadable`.

    Raises:
        CommandError: A prediction is damaged.
    """
    for key in keys:
        try:
            yield make_row(key, read_prediction(folder, key, len(classes)), classes, truth)
        except UnreadablePhotoError as error:
            unreadable[key] = error.reason


def _keys(folder: Path) -> Iterator[str]:
    """Yield the keys of all images with a prediction or an error, sorted.

    Raises:
        CommandError: There are none.
    """
    key = None
    for key in with_progress(prediction_keys(folder), "predictions read"):
        yield key
    if key is None:
        raise CommandError(f"{folder} holds no .out files: check the output of the batch transform")


def _drift(overview: Overview) -> DriftReport | None:
    reference = read_reference(processing_input(Input.EVALUATION) / files.ANSWERS)
    if reference is None or not overview.images:
        return None
    batch = Predictions(overview.classes, overview.confidence)
    return DriftReport.model_validate(measure_drift(reference, batch))


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

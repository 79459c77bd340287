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

from include.image_classification.container import (
    ProgramError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.version.manifest import write_json
from include.image_classification.evaluation.predictions import prediction_keys, read_prediction
from include.image_classification.flags import FlagParser
from include.image_classification.progress import with_progress
from include.image_classification.reporting.gallery import write_gallery
from include.image_classification.reporting.rows import Row, cells, columns, make_row

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Read input/predictions and write predictions.csv, gallery.html and report.json.

    Class names come from input/version/classes.json, pictures from input/images, and, where it
    exists, the truth from input/truth/labels.json.
    """
    started = time.perf_counter()
    parser = FlagParser("report", "Turn a batch of predictions into a table and a gallery.")
    parser.add_argument("--batch", required=True, help="the batch's name, for the title")
    batch = parser.parse_args(argv).batch
    classes = _classes(processing_input("version") / "classes.json")
    truth = _truth(processing_input("truth") / "labels.json")
    rows = read_rows(processing_input("predictions"), classes, truth)
    folder = processing_output("result")
    write_table(folder / "predictions.csv", rows, classes=len(classes), with_truth=bool(truth))
    write_gallery(folder / "gallery.html", batch, rows, processing_input("images"))
    counts = Counter(row.label for row in rows)
    summary = {
        "stage": "report",
        "batch": batch,
        "images": len(rows),
        "classes": dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        "seconds": round(time.perf_counter() - started, 3),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    write_json(folder / "report.json", summary)
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


def write_table(path: Path, rows: Sequence[Row], *, classes: int, with_truth: bool) -> None:
    """Write predictions.csv, by file name."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns(classes, with_truth=with_truth))
        ordered = sorted(rows, key=lambda row: row.file)
        writer.writerows(cells(row, with_truth=with_truth) for row in ordered)


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

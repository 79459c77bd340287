"""Command `evaluate`: score a model's predictions on a split of a dataset version."""

import argparse
import csv
import datetime
import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from include.common.csv_cells import escape_cell
from include.contracts import files
from include.contracts.commands import Command, Input, Output
from include.contracts.commands import EvaluateFlag as Flag
from include.contracts.dataset import SPLITS
from include.contracts.environment import PRECISIONS
from include.contracts.records import ClassScores, EvaluationReport
from include.image_classification.container import (
    CommandError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.version.manifest import (
    Image,
    Version,
    read_version,
    write_json,
)
from include.image_classification.evaluation.metrics import Scores, remove_temperature, score
from include.image_classification.evaluation.predictions import (
    SUFFIX,
    Probabilities,
    format_probability,
    read_prediction,
)
from include.image_classification.flags import FlagParser, positive_number
from include.image_classification.pages.page import render

_log = logging.getLogger(__name__)
NAMED = 3
CONFUSIONS_SHOWN = 20


def main(argv: list[str]) -> None:
    """Score input/predictions against input/version and write output/result.

    Every image of the split must have a prediction; otherwise the scores would not be comparable.

    Raises:
        CommandError: The split is empty, or predictions are missing or damaged.
    """
    started = time.perf_counter()
    flags = _parse_flags(argv)
    version = read_version(processing_input(Input.VERSION))
    images = version.split(flags.split)
    if not images:
        raise CommandError(f"dataset version {version.name} has no images in split {flags.split}")
    predictions = processing_input(Input.PREDICTIONS)
    probabilities = np.stack(read_probabilities(predictions, images, len(version.classes)))
    labels = np.array([image.label for image in images])
    scores = score(probabilities, labels)
    unscaled = None
    if flags.temperature is not None:
        unscaled = score(remove_temperature(probabilities, flags.temperature), labels)
    summary = _summary(version, flags, scores, unscaled, started)
    folder = processing_output(Output.RESULT)
    write_answers(folder / files.ANSWERS, version.classes, images, probabilities)
    write_results(folder, version.classes, scores, summary)
    text = "Split %s: %d images, top-1 %.4f, top-5 %.4f"
    _log.info(text, flags.split, scores.images, scores.top1, scores.top5)


def _parse_flags(argv: list[str]) -> argparse.Namespace:
    parser = FlagParser(Command.EVALUATE, "Score predictions of one split of a dataset version.")
    parser.add_argument(Flag.SPLIT, choices=SPLITS, default="test")
    parser.add_argument(
        Flag.SERVING_PRECISION,
        choices=PRECISIONS,
        help="precision of the served model, for the record",
    )
    parser.add_argument(
        Flag.TEMPERATURE,
        type=positive_number,
        help="temperature in the model's last layer, to report the calibration error without it",
    )
    return parser.parse_args(argv)


def read_probabilities(folder: Path, images: Sequence[Image], classes: int) -> list[Probabilities]:
    """Return the predicted probabilities of images, in the order of the images.

    Raises:
        CommandError: Predictions are missing (with their number and the first keys) or damaged.
    """
    missing = [image.key for image in images if not (folder / (image.key + SUFFIX)).is_file()]
    if missing:
        first = ", ".join(missing[:NAMED])
        more = ", ..." if len(missing) > NAMED else ""
        raise CommandError(
            f"{len(missing)} of {len(images)} images have no prediction ({first}{more}): "
            "run the batch transform again"
        )
    return [read_prediction(folder, image.key, classes) for image in images]


def write_answers(
    path: Path, classes: Sequence[str], images: Sequence[Image], probabilities: Probabilities
) -> None:
    """Write the true and predicted class of each image, for comparison with other models."""
    best = probabilities.argmax(axis=1)
    rows = [
        [image.key, classes[image.label], classes[label], format_probability(row[label])]
        for image, label, row in zip(images, best, probabilities, strict=True)
    ]
    _write_table(path, files.ANSWERS_COLUMNS, rows)


def write_results(
    folder: Path, classes: Sequence[str], scores: Scores, summary: EvaluationReport
) -> None:
    """Write evaluation.json, per_class.csv, confusion.csv and evaluation.html into a folder."""
    write_json(folder / files.EVALUATION, summary.as_json())
    rows = [[scored.label, scored.name, scored.images, scored.top1] for scored in summary.per_class]
    _write_table(folder / "per_class.csv", ["label", "name", "images", "top1"], rows)
    confused = [
        [true, classes[true], predicted, classes[predicted], scores.confusion[true, predicted]]
        for true, predicted in np.argwhere(scores.confusion)
    ]
    header = ["label", "name", "predicted_label", "predicted_name", "images"]
    _write_table(folder / "confusion.csv", header, confused)
    page = render(
        "evaluation.html.jinja",
        summary=summary,
        per_class=sorted(
            (scored for scored in summary.per_class if scored.images),
            key=lambda scored: scored.top1 or 0,
        ),
        confusions=_worst_confusions(classes, scores),
    )
    (folder / "evaluation.html").write_text(page, encoding="utf-8")


def _summary(
    version: Version,
    flags: argparse.Namespace,
    scores: Scores,
    unscaled: Scores | None,
    started: float,
) -> EvaluationReport:
    per_class = [
        ClassScores(
            label=label,
            name=name,
            images=scores.class_images(label),
            top1=scores.class_top1(label),
        )
        for label, name in enumerate(version.classes)
    ]
    return EvaluationReport(
        stage="evaluate",
        dataset_version=version.name,
        split=flags.split,
        images=scores.images,
        top1=scores.top1,
        top5=scores.top5,
        calibration_error=scores.calibration_error,
        calibration_error_unscaled=unscaled.calibration_error if unscaled else None,
        temperature=flags.temperature,
        per_class=per_class,
        serving_precision=flags.serving_precision,
        seconds=round(time.perf_counter() - started, 3),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _worst_confusions(classes: Sequence[str], scores: Scores) -> list[dict[str, Any]]:
    wrong = scores.confusion.copy()
    np.fill_diagonal(wrong, 0)
    pairs = [
        {"true": classes[true], "predicted": classes[predicted], "images": int(images)}
        for (true, predicted), images in zip(np.argwhere(wrong), wrong[wrong > 0], strict=True)
    ]
    return sorted(pairs, key=lambda pair: -pair["images"])[:CONFUSIONS_SHOWN]


def _write_table(path: Path, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(map(escape_cell, row) for row in rows)

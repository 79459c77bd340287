"""Command `evaluate`: score a model's predictions on a split of a dataset version."""

import argparse
import datetime
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    VersionFiles,
    write_json,
)
from include.image_classification.evaluation.metrics import Scores, Tally, remove_temperature
from include.image_classification.evaluation.predictions import (
    Probabilities,
    format_probability,
    read_blocks,
)
from include.image_classification.evaluation.tables import open_table, write_table
from include.image_classification.flags import FlagParser, positive_number
from include.image_classification.pages.page import render

_log = logging.getLogger(__name__)
CLASSES_SHOWN, CONFUSIONS_SHOWN = 200, 20
"""The page shows the worst ones up to this number."""


def main(argv: list[str]) -> None:
    """Score input/predictions against input/version and write output/result.

    Every image of the split must have a prediction; otherwise the scores would not be comparable.

    Raises:
        CommandError: The split is empty, or predictions are missing or damaged.
    """
    started = time.perf_counter()
    flags = _parse_flags(argv)
    version = VersionFiles(processing_input(Input.VERSION))
    folder = processing_output(Output.RESULT)
    scores, unscaled = _score(version, flags, folder)
    write_results(
        folder, version.classes, scores, _summary(version, flags, scores, unscaled, started)
    )
    text = "Split %s: %d images, top-1 %.4f, top-5 %.4f"
    _log.info(text, flags.split, scores.images, scores.top1, scores.top5)


def _score(
    version: VersionFiles, flags: argparse.Namespace, folder: Path
) -> tuple[Scores, Scores | None]:
    """Read the predictions once, write both tables of images, and return the scores.

    The second scores are those without the temperature, or None if there is none.
    """
    images = (image for image in version.images() if image.split == flags.split)
    tally, unscaled = Tally(len(version.classes)), Tally(len(version.classes))
    predictions = processing_input(Input.PREDICTIONS)
    blocks = read_blocks(predictions, images, len(version.classes))
    with (
        open_table(folder / files.ANSWERS, files.ANSWERS_COLUMNS) as write,
        open_table(folder / files.EVALUATED_PHOTOS, photo_columns(version.classes)) as write_photo,
    ):
        for block, probabilities in blocks:
            labels = np.array([image.label for image in block])
            tally.add(probabilities, labels)
            if flags.temperature is not None:
                unscaled.add(remove_temperature(probabilities, flags.temperature), labels)
            for row in answer_rows(version.classes, block, probabilities):
                write(row)
            for row in photo_rows(version.classes, block, probabilities):
                write_photo(row)
        if not tally.images:
            raise CommandError(
                f"dataset version {version.name} has no images in split {flags.split}"
            )
    return tally.scores(), unscaled.scores() if unscaled.images else None


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


def answer_rows(
    classes: Sequence[str], images: Sequence[Image], probabilities: Probabilities
) -> Iterator[list[str]]:
    """Yield the true and predicted class of each image, for comparison with other models."""
    for image, label, row in zip(images, probabilities.argmax(axis=1), probabilities, strict=True):
        yield [image.key, classes[image.label], classes[label], format_probability(row[label])]


def photo_columns(classes: Sequence[str]) -> list[str]:
    """Return the columns of `files.EVALUATED_PHOTOS`."""
    ranks = range(2, min(files.EVALUATED_CLASSES, len(classes)) + 1)
    further = [name for rank in ranks for name in (f"label_{rank}", f"probability_{rank}")]
    return ["key", "name", "label", "probability", *further]


def photo_rows(
    classes: Sequence[str], images: Sequence[Image], probabilities: Probabilities
) -> Iterator[list[str]]:
    """Yield the true class and the most probable classes of each image, the best first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, : files.EVALUATED_CLASSES]
    for image, best, row in zip(images, order, probabilities, strict=True):
        guesses = [cell for i in best for cell in (classes[i], format_probability(row[i]))]
        yield [image.key, classes[image.label], *guesses]


def write_results(
    folder: Path, classes: Sequence[str], scores: Scores, summary: EvaluationReport
) -> None:
    """Write evaluation.json, per_class.csv, confusion.csv and evaluation.html into a folder."""
    write_json(folder / files.EVALUATION, summary.as_json())
    rows = [[scored.label, scored.name, scored.images, scored.top1] for scored in summary.per_class]
    write_table(folder / "per_class.csv", ["label", "name", "images", "top1"], rows)
    confused = [
        [true, classes[true], predicted, classes[predicted], scores.confusion[true, predicted]]
        for true, predicted in np.argwhere(scores.confusion)
    ]
    header = ["label", "name", "predicted_label", "predicted_name", "images"]
    write_table(folder / files.CONFUSION, header, confused)
    page = render("evaluation.html.jinja", summary=summary, **_page_tables(scores, summary))
    (folder / "evaluation.html").write_text(page, encoding="utf-8")


def _page_tables(scores: Scores, summary: EvaluationReport) -> dict[str, Any]:
    """Return the page's classes and confusions, the worst ones up to a number, and all counts."""
    scored = [row for row in summary.per_class if row.images]
    names = [row.name for row in summary.per_class]
    confused = scores.confusion.copy()
    np.fill_diagonal(confused, 0)
    return {
        "per_class": sorted(scored, key=lambda row: row.top1 or 0)[:CLASSES_SHOWN],
        "scored_classes": len(scored),
        "confusions": _worst_confusions(names, confused),
        "confused_pairs": int(np.count_nonzero(confused)),
    }


def _summary(
    version: VersionFiles,
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


def _worst_confusions(names: Sequence[str], confused: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the most frequent pairs; `confused` is a confusion matrix without its diagonal."""
    pairs = np.argwhere(confused)
    counts = confused[confused > 0]
    return [
        {"true": names[true], "predicted": names[predicted], "images": int(images)}
        for (true, predicted), images in (
            (pairs[position], counts[position])
            for position in np.argsort(-counts, kind="stable")[:CONFUSIONS_SHOWN]
        )
    ]

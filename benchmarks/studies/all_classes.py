"""Training of all 196 classes in an hour on two cores, and the accuracy of the model."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.commands import DataSet, convert, refresh, train
from benchmarks.studies.comparisons import RECIPE, recipe
from include.image_classification.dataset.version.manifest import read_version
from include.image_classification.evaluation.metrics import Scores, score

SIDE = 168
CHANGES: Mapping[str, object] = {
    "image_shape": "3,128,128",
    "epochs": 64,
    "augmentation_type": "crop_color_transform",
    "precision_dtype": "bfloat16",
    "top_k": 5,
}
BATCH = 8


def train_on_all(source: Sequence[Path], work: Path, curve: Path) -> dict[str, Any]:
    """Train all classes, and evaluate the best epoch on the test split.

    Args:
        source: The archives of photos and labels.
        work: The folder of the training, from which it resumes.
        curve: The path to which the training curve is copied.

    Returns:
        The recipe, counts, accuracies and times.
    """
    data = refresh(source, work / "all")
    print("all classes ...", file=sys.stderr, flush=True)
    folder = work / "trained" / "all classes"
    records = convert(data, work / "all-squash", "squash", SIDE)
    history = train(records, folder, recipe(data, **CHANGES))
    shutil.copy(folder / "output" / "data" / "training.svg", curve)
    scores = evaluate(folder / "model", data)
    return {
        "recipe": {"resize": SIDE, **RECIPE, **CHANGES},
        "photos": dict(data.counts),
        "validation_top1": max(history["validation_accuracy"]),
        "test_top1": round(scores.top1, 4),
        "test_top5": round(scores.top5, 4),
        "best_epoch": history["best_epoch"],
        "seconds": history["seconds"],
    }


def evaluate(model: Path, data: DataSet) -> Scores:
    """Return the accuracy of the served model on the photos of the test split."""
    from include.image_classification.serving.model import Model
    from include.image_classification.serving.photo import read_photo

    served = Model(model)
    photos = read_version(data.version).split("test")
    probabilities = []
    for start in range(0, len(photos), BATCH):
        paths = [data.images / photo.key for photo in photos[start : start + BATCH]]
        images = [read_photo(path.read_bytes(), served.shape) for path in paths]
        probabilities.append(served.probabilities(images))
    return score(np.concatenate(probabilities), np.array([photo.label for photo in photos]))

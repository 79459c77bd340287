"""All 196 classes in an hour of two cores: the recipe, and how often its model is right."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.comparisons import RECIPE, recipe
from benchmarks.studies.programs import DataSet, convert, refresh, train
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
AT_A_TIME = 8


def train_on_all(source: Sequence[Path], work: Path, curve: Path) -> dict[str, Any]:
    """Train the recipe on every class and judge its best epoch by the test split.

    Args:
        source: The archives of photos and labels.
        work: Where the training is kept, to be taken up again.
        curve: Where its curve goes.

    Returns:
        Recipe, counts, accuracies and times.
    """
    data = refresh(source, work / "all")
    print("all classes ...", file=sys.stderr, flush=True)
    folder = work / "trained" / "all classes"
    records = convert(data, work / "all-squash", "squash", SIDE)
    history = train(records, folder, recipe(data, **CHANGES))
    shutil.copy(folder / "output" / "data" / "training.svg", curve)
    scores = _judge(folder / "model", data)
    return {
        "recipe": {"resize": SIDE, **RECIPE, **CHANGES},
        "photos": dict(data.counts),
        "validation_top1": max(history["validation_accuracy"]),
        "test_top1": round(scores.top1, 4),
        "test_top5": round(scores.top5, 4),
        "best_epoch": history["best_epoch"],
        "seconds": history["seconds"],
    }


def _judge(model: Path, data: DataSet) -> Scores:
    """How the model as it is served answers whole photos of the test split."""
    from include.image_classification.serving.model import Model
    from include.image_classification.serving.photo import read_photo

    served = Model(model)
    photos = read_version(data.version).split("test")
    answers = []
    for start in range(0, len(photos), AT_A_TIME):
        part = photos[start : start + AT_A_TIME]
        read = [read_photo((data.images / each.key).read_bytes(), served.shape) for each in part]
        answers.append(served.probabilities(read))
    return score(np.concatenate(answers), np.array([each.label for each in photos]))

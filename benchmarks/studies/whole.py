"""All 196 classes in an hour of two cores: the recipe, and how often its model is right."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.comparisons import RECIPE
from benchmarks.studies.programs import DataSet, convert, refresh, train
from include.image_classification.dataset.version.manifest import read_version

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
    counts = {"num_classes": data.counts["classes"], "num_training_samples": data.counts["train"]}
    print("all classes ...", file=sys.stderr, flush=True)
    folder = work / "trained" / "all classes"
    history = train(
        convert(data, work / "all-squash", "squash", SIDE), folder, {**RECIPE, **CHANGES, **counts}
    )
    shutil.copy(folder / "output" / "data" / "training.svg", curve)
    top1, top5 = _judge(folder / "model", data)
    return {
        "recipe": {"resize": SIDE, **RECIPE, **CHANGES},
        "photos": dict(data.counts),
        "validation_top1": max(history["validation_accuracy"]),
        "test_top1": top1,
        "test_top5": top5,
        "best_epoch": history["best_epoch"],
        "seconds": history["seconds"],
    }


def _judge(model: Path, data: DataSet) -> tuple[float, float]:
    """Top-1 and top-5 of the model as it is served, whole photos of the test split."""
    from include.image_classification.serving.model import Model
    from include.image_classification.serving.photo import read_photo

    served = Model(model)
    photos = read_version(data.version).split("test")
    ranks = []
    for start in range(0, len(photos), AT_A_TIME):
        part = photos[start : start + AT_A_TIME]
        read = [read_photo((data.images / each.key).read_bytes(), served.shape) for each in part]
        orders = np.argsort(-served.probabilities(read), axis=1)
        labels = np.array([each.label for each in part])
        ranks.append(np.argmax(orders == labels[:, None], axis=1))
    top1, top5 = (float(np.mean(np.concatenate(ranks) < k)) for k in (1, 5))
    return round(top1, 4), round(top5, 4)

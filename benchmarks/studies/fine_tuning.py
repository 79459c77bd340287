"""Fine-tuning of EfficientNet-Lite0 on all classes: accuracy of each recipe against its time.

Run as `CARS=<folder> python -m benchmarks.studies fine_tuning`, or with the names of recipes after
`fine_tuning`.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.studies.all_classes import evaluate
from benchmarks.studies.commands import convert, refresh, train
from benchmarks.studies.comparisons import SEEDS, recipe

SIDE = 224
"""The side of the stored photos, in pixels."""

PRETRAINED: Mapping[str, object] = {
    "network": "efficientnet_lite0",
    "use_pretrained_model": 1,
    "num_layers": None,
    "top_k": 5,
}


@dataclass(frozen=True)
class Recipe:
    """A way to fine-tune.

    Attributes:
        name: The name in tables.
        changes: The hyperparameters that differ from PRETRAINED and the studies' recipe.
    """

    name: str
    changes: Mapping[str, object]


HEAD: Mapping[str, object] = {
    "fine_tune": "head",
    "image_shape": "3,224,224",
    "epochs": 40,
    "learning_rate": 0.003,
}
"""The last layer, on features of the photos and of their mirror images."""

NO_MIRROR: Mapping[str, object] = {**HEAD, "augmentation_type": "none"}
"""The recipe of the local profile in include/pipelines/stanford_cars.yaml."""

ALL: Mapping[str, object] = {
    "image_shape": "3,224,224",
    "training_size": 160,
    "frozen_stages": 3,
    "head_epochs": 8,
    "head_learning_rate": 0.003,
    "epochs": 20,
    "augmentation_type": "random_resized_crop",
}
"""The last layer first, then all stages but the first three, at a smaller size than is served."""

LAST_STAGES: Mapping[str, object] = {
    "fine_tune": "last_stages",
    "image_shape": "3,224,224",
    "head_epochs": 8,
    "head_learning_rate": 0.003,
    "epochs": 25,
}

SCRATCH: Mapping[str, object] = {
    "network": None,
    "use_pretrained_model": 0,
    "num_layers": 18,
    "image_shape": "3,64,64",
    "epochs": 12,
    "augmentation_type": "crop_color_transform",
    "precision_dtype": "bfloat16",
}
"""ResNet-18 from random weights, which takes one and a half times the processor time of
`all-6-epochs` without AVX-512. With images of 128 pixels, as in `all_classes`, it would take four
times as long."""

VARIANTS: Sequence[tuple[str, Mapping[str, object]]] = (
    ("", {}),
    ("-layer-decay-0.8", {"layer_decay": 0.8}),
    ("-ema-0.99", {"ema_decay": 0.99}),
)
"""Changes of a shorter `all`, by the end of the recipe's name."""

RECIPES = (
    Recipe("head", HEAD),
    Recipe("head-no-mirror", NO_MIRROR),
    Recipe("head-no-mirror-batch-64", {**NO_MIRROR, "mini_batch_size": 64, "learning_rate": 0.005}),
    Recipe("head-rate-0.001", {**HEAD, "learning_rate": 0.001}),
    Recipe("head-rate-0.01", {**HEAD, "learning_rate": 0.01}),
    Recipe("head-20-epochs", {**HEAD, "epochs": 20}),
    Recipe("head-80-epochs", {**HEAD, "epochs": 80}),
    Recipe("head-batch-128", {**HEAD, "mini_batch_size": 128, "learning_rate": 0.01}),
    Recipe("head-no-smoothing", {**HEAD, "label_smoothing": 0}),
    Recipe("all", ALL),
    Recipe("all-crop-11-epochs", {**ALL, "epochs": 11, "augmentation_type": "crop"}),
    *(Recipe(f"all-15-epochs-seed-{n}", {**ALL, "epochs": 15, "seed": n}) for n in SEEDS),
    *(Recipe(f"all-6-epochs{name}", {**ALL, "epochs": 6, **more}) for name, more in VARIANTS),
    Recipe("last-stages", LAST_STAGES),
    Recipe("last-stages-10-epochs", {**LAST_STAGES, "epochs": 10}),
    Recipe("scratch", SCRATCH),
)
"""Recipes of EfficientNet-Lite0, and of a network from scratch."""

CHARTED = ("all", "last-stages", "head")
"""Recipes whose accuracy is drawn against their time; measure them on one processor."""


def train_recipes(
    source: Sequence[Path], work: Path, chosen: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Train the recipes, or the chosen ones, and yield the name and the result of each.

    Args:
        source: The archives of photos and labels.
        work: The folder of the trainings, from which they resume.
        chosen: Names of recipes; all if there are none.

    Raises:
        SystemExit: A chosen recipe does not exist.

    Yields:
        The hyperparameters, the accuracies on the test split, the seconds of the job, of all
        processors together and of each epoch, and the validation accuracy after each epoch.
    """
    if unknown := set(chosen) - {way.name for way in RECIPES}:
        raise SystemExit(
            f"{', '.join(sorted(unknown))}: there is no such recipe: choose from "
            f"{', '.join(way.name for way in RECIPES)}"
        )
    data = refresh(source, work / "all")
    records = convert(data, work / f"all-squash-{SIDE}", "squash", SIDE)
    for way in RECIPES:
        if chosen and way.name not in chosen:
            continue
        print(f"{way.name} ...", file=sys.stderr, flush=True)
        values = recipe(data, **{**PRETRAINED, **way.changes})
        settings = {name: value for name, value in values.items() if value is not None}
        folder = work / "trained" / f"fine-tuned {way.name}"
        history = train(records, folder, settings)
        scores = evaluate(folder / "model", data)
        yield (
            way.name,
            {
                "recipe": dict(way.changes),
                "test_top1": round(scores.top1, 4),
                "test_top5": round(scores.top5, 4),
                "calibration_error": round(scores.calibration_error, 4),
                "best_epoch": history["best_epoch"],
                "seconds": round(history["seconds"], 1),
                "cpu_seconds": round(history["cpu_seconds"], 1),
                "epoch_seconds": history["epoch_seconds"],
                "validation_accuracy": [round(a, 4) for a in history["validation_accuracy"]],
            },
        )


def accuracy_by_time(result: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return minutes of one processor and the validation accuracy, after each epoch of a recipe.

    All that is not training, as the features of frozen layers and validation, counts as done before
    the first epoch, so that no point is too early.

    Args:
        result: A result of `train_recipes`.
    """
    epochs, seconds = result["epoch_seconds"], result["seconds"]
    busy = result["cpu_seconds"] / seconds / 60
    before = max(0.0, seconds - sum(epochs))
    passed = (before + total for total in itertools.accumulate(epochs))
    return [(busy * t, a) for t, a in zip(passed, result["validation_accuracy"], strict=True)]

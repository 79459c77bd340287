"""Comparisons of training methods on real photos with the same number of epochs and several seeds.

The result of a method is its validation accuracy after the last epoch. The accuracy of the best
epoch would be biased, since the same photos select the epoch.
"""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.studies.commands import (
    DataSet,
    convert,
    kill_training,
    pack_model,
    refresh,
    train,
)

CLASSES, NEW_CLASSES = 196, 50
SEEDS = (0, 1, 2)
SIDE = 80
KILLED_AFTER = ("Epoch[6] Train-accuracy", "Epoch[13] Train-accuracy")
"""Log lines at which an epoch is trained, but neither validated nor in a checkpoint."""

# Fifty classes have few photos, so a larger validation split than usual reduces the variance.
SPLIT = ("--train-ratio", "0.6", "--validation-ratio", "0.35")

RECIPE: Mapping[str, object] = {
    "num_layers": 18,
    "image_shape": "3,64,64",
    "epochs": 20,
    "mini_batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "lr_schedule": "one_cycle",
    "label_smoothing": 0.1,
    "augmentation_type": "crop",
    "int8": "never",
}


@dataclass(frozen=True)
class Method:
    """The results of a training method.

    Attributes:
        name: The name in tables and charts.
        curves: For each seed, the validation accuracy after each epoch.
        epoch_seconds: The duration of the fastest epoch, which other load affected least.
    """

    name: str
    curves: Sequence[Sequence[float]]
    epoch_seconds: float

    @classmethod
    def from_histories(cls, name: str, histories: Sequence[Mapping[str, Any]]) -> Method:
        """Create the results from the training.json of each seed."""
        seconds = [value for history in histories for value in history["epoch_seconds"]]
        curves = [history["validation_accuracy"] for history in histories]
        return cls(name, curves, round(min(seconds), 2))

    @property
    def final_accuracy(self) -> list[float]:
        """The accuracy of each seed after the last epoch."""
        return [curve[-1] for curve in self.curves]


@dataclass(frozen=True)
class Comparison:
    """Two training methods on the same photos."""

    baseline: Method
    other: Method
    photos: Mapping[str, int]

    @property
    def gains(self) -> list[float]:
        """The gain in accuracy over the baseline, for each seed that both methods have."""
        pairs = zip(self.baseline.final_accuracy, self.other.final_accuracy, strict=False)
        return [round(other - baseline, 4) for baseline, other in pairs]


class Trials:
    """The trainings on the Stanford Cars photos, each of which runs once."""

    def __init__(self, source: Sequence[Path], work: Path) -> None:
        """Divide the classes into known and new ones, at random with a fixed seed.

        Args:
            source: The archives of photos and labels.
            work: The folder of the trainings, from which they resume.
        """
        self._source, self._work = source, work
        self._shuffled = random.Random(0).sample(range(1, CLASSES + 1), CLASSES)

    @functools.cached_property
    def _new(self) -> DataSet:
        return self._data_set("new", self._shuffled[:NEW_CLASSES])

    @functools.cached_property
    def _known(self) -> DataSet:
        return self._data_set("known", self._shuffled[NEW_CLASSES:])

    def _data_set(self, name: str, classes: Sequence[int]) -> DataSet:
        chosen = ",".join(map(str, sorted(classes)))
        return refresh(self._source, self._work / name, "--classes", chosen, *SPLIT)

    def _records(self, data: DataSet, fit: str) -> Path:
        return convert(data, self._work / f"{data.folder.name}-{fit}", fit, SIDE)

    def _train(self, name: str, data: DataSet, fit: str, **changes: object) -> dict[str, Any]:
        print(f"{name} ...", file=sys.stderr, flush=True)
        folder = self._work / "trained" / name
        return train(self._records(data, fit), folder, recipe(data, **changes))

    def _method(self, name: str, fit: str = "squash", **changes: object) -> Method:
        histories = [
            self._train(f"{name}, seed {seed}", self._new, fit, **changes, seed=seed)
            for seed in SEEDS
        ]
        return Method.from_histories(name, histories)

    def _from_scratch(self) -> Method:
        return self._method("from scratch")

    def transfer(self) -> Comparison:
        """Compare training from scratch with fine-tuning a network trained on other classes."""
        self._train("known classes", self._known, "squash")
        model, sha256 = pack_model(self._work / "trained" / "known classes")
        fine_tuned = self._method(
            "fine-tuned",
            use_pretrained_model=1,
            pretrained_model_uri=model,
            pretrained_model_sha256=sha256,
        )
        return Comparison(self._from_scratch(), fine_tuned, self._new.counts)

    def fit(self) -> Comparison:
        """Compare photos cropped to the center with squashed ones, in training and validation."""
        cropped = self._method("cropped", "crop")
        return Comparison(cropped, replace(self._from_scratch(), name="squashed"), self._new.counts)

    def depth(self) -> Comparison:
        """Compare 50 layers with 18, trained from scratch."""
        shallow = replace(self._from_scratch(), name="18 layers")
        return Comparison(self._method("50 layers", num_layers=50), shallow, self._new.counts)

    def resume(self) -> Comparison:
        """Compare a training with one that was killed twice (SIGKILL) and resumed."""
        uninterrupted, name = self._from_scratch(), "killed twice"
        folder = self._work / "trained" / name
        if not folder.exists():
            for line in KILLED_AFTER:
                records = self._records(self._new, "squash")
                kill_training(records, folder, recipe(self._new, seed=0), line)
        killed = self._train(name, self._new, "squash", seed=0)
        resumed = Method.from_histories(name, [killed])
        return Comparison(uninterrupted, resumed, self._new.counts)


def recipe(data: DataSet, **changes: object) -> dict[str, object]:
    """Return the hyperparameters of a training; `changes` override those of the recipe."""
    counts = {"num_classes": data.counts["classes"], "num_training_samples": data.counts["train"]}
    return {**RECIPE, **counts, **changes}


COMPARISONS: Mapping[str, Callable[[Trials], Comparison]] = {
    "transfer": Trials.transfer,
    "fit": Trials.fit,
    "depth": Trials.depth,
    "resume": Trials.resume,
}

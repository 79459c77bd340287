"""Which way of training learns more from real photos in the same epochs, over several seeds.

What a way reaches is its validation accuracy after the last epoch: the best epoch would be chosen
by the photos that judge it.
"""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.studies.programs import (
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
"""Lines of the log: an epoch is trained, but neither judged nor in a checkpoint."""

# Photos of fifty classes are few: more of them than usual judge, so that chance counts for less.
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
class Way:
    """One way of training.

    Attributes:
        name: In tables and charts.
        curves: For each seed, the validation accuracy after each epoch.
        epoch_seconds: What the fastest epoch of training took: other work slows some.
    """

    name: str
    curves: Sequence[Sequence[float]]
    epoch_seconds: float

    @classmethod
    def of(cls, name: str, histories: Sequence[Mapping[str, Any]]) -> Way:
        """What the histories of its trainings tell."""
        seconds = [each for history in histories for each in history["epoch_seconds"]]
        curves = [history["validation_accuracy"] for history in histories]
        return cls(name, curves, round(min(seconds), 2))

    @property
    def reached(self) -> list[float]:
        """Each seed's accuracy after the last epoch."""
        return [curve[-1] for curve in self.curves]


@dataclass(frozen=True)
class Comparison:
    """Two ways of training on the same photos, the usual one first."""

    usual: Way
    other: Way
    photos: Mapping[str, int]

    @property
    def gains(self) -> list[float]:
        """How much more accurate the other way is, for each seed that both have."""
        pairs = zip(self.usual.reached, self.other.reached, strict=False)
        return [round(other - usual, 4) for usual, other in pairs]


class Trials:
    """The trainings on Stanford Cars' photos that comparisons ask for, each done once."""

    def __init__(self, source: Sequence[Path], work: Path) -> None:
        """Divide the classes by chance, but always alike, into known and new ones.

        Args:
            source: The archives of photos and labels.
            work: Where trainings are kept, to be taken up again.
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

    def _way(self, name: str, fit: str = "squash", **changes: object) -> Way:
        histories = [
            self._train(f"{name}, seed {seed}", self._new, fit, **changes, seed=seed)
            for seed in SEEDS
        ]
        return Way.of(name, histories)

    def _from_scratch(self) -> Way:
        return self._way("from scratch")

    def transfer(self) -> Comparison:
        """New classes from scratch, or from a network that knows the others."""
        self._train("known classes", self._known, "squash")
        model, sha256 = pack_model(self._work / "trained" / "known classes")
        fine_tuned = self._way(
            "fine-tuned",
            use_pretrained_model=1,
            pretrained_model_uri=model,
            pretrained_model_sha256=sha256,
        )
        return Comparison(self._from_scratch(), fine_tuned, self._new.counts)

    def fit(self) -> Comparison:
        """Photos cropped to the centre's square, or squashed; each judged as it was trained."""
        cropped = self._way("cropped", "crop")
        return Comparison(cropped, replace(self._from_scratch(), name="squashed"), self._new.counts)

    def depth(self) -> Comparison:
        """50 layers or 18, from scratch."""
        shallow = replace(self._from_scratch(), name="18 layers")
        return Comparison(self._way("50 layers", num_layers=50), shallow, self._new.counts)

    def resume(self) -> Comparison:
        """One training left alone, or killed twice as `kill -9` does and started again."""
        whole, name = self._from_scratch(), "killed twice"
        folder = self._work / "trained" / name
        if not folder.exists():
            for line in KILLED_AFTER:
                records = self._records(self._new, "squash")
                kill_training(records, folder, recipe(self._new, seed=0), line)
        killed = self._train(name, self._new, "squash", seed=0)
        return Comparison(whole, Way.of(name, [killed]), self._new.counts)


def recipe(data: DataSet, **changes: object) -> dict[str, object]:
    """The hyperparameters of a training on a data set; `changes` are other than the recipe's."""
    counts = {"num_classes": data.counts["classes"], "num_training_samples": data.counts["train"]}
    return {**RECIPE, **counts, **changes}


COMPARISONS: Mapping[str, Callable[[Trials], Comparison]] = {
    "transfer": Trials.transfer,
    "fit": Trials.fit,
    "depth": Trials.depth,
    "resume": Trials.resume,
}

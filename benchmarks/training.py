"""Training on real photos, compared with a plain Gluon loop and with batches in memory."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from benchmarks import photos
from benchmarks.conversion import environment
from benchmarks.pairs import Ratio, compare

PHOTOS = 320
CLASSES = 196
STORED, SHAPE, BATCH = 160, (3, 128, 128), 32
RATE, MOMENTUM = 0.01, 0.9
SETUP = f"ResNet-18, {SHAPE[1]} px, batch {BATCH}, {PHOTOS} photos"


class InMemory:
    """A reader that returns prepared batches."""

    def __init__(self, batches: Sequence[Any]) -> None:
        self._batches = batches

    @property
    def batches(self) -> int:
        """The number of batches."""
        return len(self._batches)

    def training(self, *_: object) -> Iterator[Any]:
        """Yield the same batches in each epoch."""
        yield from self._batches


class PlainLoop:
    """The loop of Gluon's examples: float32, one metric, one optimizer."""

    def __init__(self, network: Any, reader: Any) -> None:
        from include.image_classification.mxnet_import import mx

        self._mx, self._network, self._reader = mx, network, reader
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        self._trainer = mx.gluon.Trainer(
            network.collect_params(), "sgd", {"learning_rate": RATE, "momentum": MOMENTUM}
        )
        self._epochs = itertools.count()

    def epoch(self) -> None:
        """Train one epoch."""
        mx, metric = self._mx, self._mx.metric.Accuracy()
        for batch in self._reader.training(next(self._epochs), "crop", 0):
            images, labels = mx.nd.array(batch.images, dtype="float32"), mx.nd.array(batch.labels)
            with mx.autograd.record():
                logits = self._network(images)
                loss = self._loss(logits, labels)
            loss.backward()
            self._trainer.step(BATCH)
            metric.update(labels, logits)
        mx.nd.waitall()


class ProjectLoop:
    """The training loop of the command `train`.

    Args:
        network: A network from `make_network`.
        reader: The reader of the channels.
        folder: A folder for checkpoints.
        precision: float32 or bfloat16.
        devices: The number of devices that compute a batch in float32.
    """

    def __init__(
        self, network: Any, reader: Any, folder: Path, precision: str, devices: int = 1
    ) -> None:
        from include.image_classification.mxnet_import import mx
        from include.image_classification.training.checkpoints.checkpoints import (
            Checkpoints,
            identity,
        )
        from include.image_classification.training.checkpoints.periodic_models import PeriodicModels
        from include.image_classification.training.distribution.group import join_group
        from include.image_classification.training.hyperparameters import parse
        from include.image_classification.training.loop.fit import TrainingLoop
        from include.image_classification.training.loop.history import History
        from include.image_classification.training.networks.training_graph.block import (
            training_block,
        )
        from include.image_classification.training.precision.bfloat16 import to_bfloat16

        hyperparameters = {
            "num_classes": CLASSES, "num_training_samples": reader.batches * BATCH,
            "image_shape": ",".join(map(str, SHAPE)), "mini_batch_size": BATCH,
            "learning_rate": RATE, "momentum": MOMENTUM, "augmentation_type": "crop",
            "precision_dtype": precision,
        }  # fmt: skip
        settings = parse({name: str(value) for name, value in hyperparameters.items()})
        checkpoints = Checkpoints[History](
            folder, identity(settings, {}), PeriodicModels(folder, folder, None)
        )
        contexts = [mx.cpu(number) for number in range(devices)]
        if devices > 1:
            network.collect_params().reset_ctx(contexts)
        if precision == "bfloat16":
            block = to_bfloat16(network)
        else:
            block = training_block(network(mx.sym.var("data")), "data", (1, *SHAPE), network)
        self._loop = TrainingLoop(
            settings, network, (reader, reader), lambda *_: None, checkpoints, join_group(None),
            block, devices=contexts,
        )  # fmt: skip
        self._epochs = itertools.count()

    def epoch(self) -> None:
        """Train one epoch."""
        self._loop.train_epoch(next(self._epochs), threading.Event())


def _resnet18() -> Any:
    from include.image_classification.training.networks.network import make_network

    return make_network(18, CLASSES, SHAPE)


def bfloat16(archive: Path, folder: Path) -> Ratio:
    """Compare the project's loop with the plain loop, which uses the same reader."""
    path = _records(archive, folder)
    return compare(
        ProjectLoop(_resnet18(), _reader(path), folder, "bfloat16").epoch,
        PlainLoop(_resnet18(), _reader(path)).epoch,
        f"Gluon's plain float32 loop with the same input, {SETUP}",
    )


def with_input(archive: Path, folder: Path) -> Ratio:
    """Compare training with input from records to training with batches in memory."""
    reader = _reader(_records(archive, folder))
    in_memory = cast(Any, InMemory(list(reader.training(0, "crop", 0))))
    return compare(
        ProjectLoop(_resnet18(), reader, folder, "bfloat16").epoch,
        ProjectLoop(_resnet18(), in_memory, folder, "bfloat16").epoch,
        f"the same bfloat16 step on batches in memory, {SETUP}",
    )


def _records(archive: Path, folder: Path) -> Path:
    """Convert some of the photos to a record file."""
    prefix, root = folder / "set", photos.unpack(archive, folder)
    for photo in sorted(root.rglob("*.jpg"))[PHOTOS:]:
        photo.unlink()
    photos.write_list(prefix, root)
    program = [sys.executable, "-m", "include.image_classification", "im2rec"]
    flags = ["--resize", str(STORED), "--fit", "squash", "--quality", "95"]
    subprocess.run(
        [*program, str(prefix), str(root), *flags], check=True, capture_output=True,
        env=environment(),
    )  # fmt: skip
    return prefix.with_suffix(".rec")


def _reader(path: Path) -> Any:
    from include.image_classification.recordio.record_file import Records
    from include.image_classification.training.input.batches import BatchReader

    threads = len(os.sched_getaffinity(0))
    return BatchReader(Records.scan([path], CLASSES), SHAPE, BATCH, threads)


PHOTO_BENCHMARKS = {
    "training_bfloat16": bfloat16,
    "training_input": with_input,
}

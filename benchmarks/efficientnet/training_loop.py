"""Train an epoch for each line of standard input: `training_loop.py project|plain <folder>`."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.training import BATCH, CLASSES, SHAPE, InMemory, PlainLoop, ProjectLoop
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.processors import choose_devices


def main(loop: str, folder: str) -> None:
    """Print `trained` after each epoch.

    Raises:
        RuntimeError: MXNet is imported already, and keeps the number of threads of that time.
    """
    if "mxnet" in sys.modules:
        raise RuntimeError("the benchmark would measure MXNet with other threads than a training's")
    made = _project(Path(folder)) if loop == "project" else _plain()
    for _ in sys.stdin:
        made.epoch()
        print("trained", flush=True)


def _project(folder: Path) -> ProjectLoop:
    settings = {
        "num_classes": CLASSES,
        "num_training_samples": BATCH,
        "network": "efficientnet_lite0",
        "mini_batch_size": BATCH,
    }
    # Before MXNet is imported, as in the command `train`.
    devices = choose_devices(parse({name: str(value) for name, value in settings.items()}), hosts=1)
    from benchmarks.efficientnet.training import BATCHES, make_batches
    from include.image_classification.training.networks.network import make_network

    network = make_network(0, CLASSES, SHAPE, "efficientnet_lite0")
    reader = InMemory(make_batches(BATCHES, SHAPE))
    return ProjectLoop(network, reader, folder, "float32", devices)


def _plain() -> PlainLoop:
    from benchmarks.efficientnet.plain_network import plain_network
    from benchmarks.efficientnet.training import BATCHES, make_batches

    return PlainLoop(plain_network(CLASSES), InMemory(make_batches(BATCHES, SHAPE)))


if __name__ == "__main__":
    main(*sys.argv[1:])

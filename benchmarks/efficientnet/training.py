"""Training of all layers, compared with a plain Gluon loop of the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.efficientnet.plain_network import plain_network
from benchmarks.pairs import Ratio, compare
from benchmarks.training import BATCH, CLASSES, SHAPE, InMemory, PlainLoop, ProjectLoop
from include.image_classification.training.input.batches import Batch
from include.image_classification.training.networks.network import make_network

BATCHES = 8
SETUP = f"{SHAPE[1]} px, batch {BATCH}, {BATCHES * BATCH} images in memory"


def all_layers(folder: Path) -> Ratio:
    """Train the project's network in its loop, both networks in float32 and on the same batches.

    The weights and images are random, which does not affect the speed.
    """
    reader = InMemory(make_batches(BATCHES, SHAPE))
    network = make_network(0, CLASSES, SHAPE, "efficientnet_lite0")
    return compare(
        ProjectLoop(network, reader, folder, "float32").epoch,
        PlainLoop(plain_network(CLASSES), reader).epoch,
        f"Gluon's plain loop of the same network with nn.Conv2D, nn.BatchNorm and F.clip, {SETUP}",
    )


def make_batches(count: int, shape: tuple[int, int, int]) -> list[Batch]:
    """Return batches of random images."""
    random = np.random.default_rng(1)
    return [
        Batch(
            random.integers(0, 256, (BATCH, *shape)).astype(np.uint8),
            random.integers(0, CLASSES, BATCH).astype(np.float32),
            BATCH,
        )
        for _ in range(count)
    ]

"""The int8 form of a fine-tuned model, compared with its float32 form."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import inference
from benchmarks.pairs import Ratio, compare
from include.image_classification.model import int8_decision
from include.image_classification.model.model_files import PREFIX
from include.image_classification.serving.network import SIZES, Network
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.pretrained.catalogue.find import find_weights
from include.image_classification.training.pretrained.copy_weights import copy_weights
from include.image_classification.training.pretrained.reading import read_weights

NAME = "EfficientNet-Lite0"
BATCH = SIZES[-1]
SETUP = f"{NAME}, {inference.SIDE} px, {inference.BATCHES} batches of {BATCH}, in memory"


def model(folder: Path) -> Path:
    """Write a model as a fine-tuning stores it, with its int8 form, and return its folder.

    It has the published weights, and random weights in the last layer.
    """
    network = make_network(0, inference.CLASSES, inference.SHAPE, "efficientnet_lite0")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        path = find_weights("efficientnet_lite0", 0, Path(temporary))
        copy_weights(network, read_weights(path), path.name, last_layer=False)
    return inference.store(network, folder)


def serving(folder: Path) -> Ratio:
    """Compute the server's largest batches; the peer is the faster of its float32 and Module."""
    target, shape = model(folder), inference.SHAPE
    images = list(np.random.default_rng(2).integers(0, 255, (BATCH, *shape[1:], 3), np.uint8))
    int8 = Network(target / int8_decision.PREFIX, int8_decision.EPOCH, shape)
    peers: dict[str, Callable[[], object]] = {
        "the server's network": partial(Network(target / PREFIX, 1, shape).probabilities, images),
        "Module, fused,": inference.module(target / PREFIX, 1, inference.make_batch(images)),
    }
    ours = inference.repeat(partial(int8.probabilities, images))
    ratios = [
        compare(ours, inference.repeat(peer), f"{name} in float32; {SETUP}")
        for name, peer in peers.items()
    ]
    return min(ratios, key=lambda ratio: ratio["ratio"])

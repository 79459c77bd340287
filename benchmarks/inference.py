"""Inference of a ResNet-18 in int8, compared with the same network in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import Ratio, compare
from include.image_classification.images.resizing import Image
from include.image_classification.model import int8_decision
from include.image_classification.model.artifact import store_model
from include.image_classification.model.model_files import PREFIX
from include.image_classification.mxnet_import import mx
from include.image_classification.quantization.calibration import write_int8
from include.image_classification.training.networks.network import make_network

LAYERS, CLASSES, SIDE = 18, 196, 224
NAME = f"ResNet-{LAYERS}"
SHAPE = (3, SIDE, SIDE)
BATCH = 16
BATCHES = 8


def model(folder: Path) -> tuple[Path, Any]:
    """Write a model with its int8 form, and return its folder and the network.

    The weights are random, which does not affect the speed. BatchNorm has statistics of data.
    """
    mx.random.seed(1)
    network = make_network(LAYERS, CLASSES, SHAPE, "torchvision")
    noise = np.random.default_rng(1).integers(0, 255, (BATCH, SIDE, SIDE, 3), np.uint8)
    with mx.autograd.record():
        network(make_batch(list(noise))).wait_to_read()
    return store(network, folder), network


def store(network: Any, folder: Path) -> Path:
    """Write a network for `SHAPE` with its int8 form, and return the model's folder."""
    noise = np.random.default_rng(1).integers(0, 255, (2 * BATCH, SIDE, SIDE, 3), np.uint8)
    target = folder / "model"
    store_model(network, target, 1, SHAPE)
    write_int8((target / PREFIX, 1), list(noise), target)
    int8_decision.decide((1, 1), 1, len(noise), 3.0).write(target)
    return target


def int8(folder: Path) -> Ratio:
    """Compute batches of 16 images in memory; the peer is the faster of Gluon and Module."""
    target, network = model(folder)
    pixels = np.random.default_rng(2).integers(0, 255, (BATCH, SIDE, SIDE, 3), np.uint8)
    data = make_batch(list(pixels))
    quantized = module(target / int8_decision.PREFIX, int8_decision.EPOCH, data)
    peers = {
        "Gluon, hybridized, static": lambda: network(data).asnumpy(),
        "Module, fused": module(target / PREFIX, 1, data),
    }
    setup = f"in float32; {NAME}, {SIDE} px, {BATCHES} batches of {BATCH}, in memory"
    ratios = [
        compare(repeat(quantized), repeat(peer), f"{name} {setup}") for name, peer in peers.items()
    ]
    return min(ratios, key=lambda ratio: ratio["ratio"])


def module(prefix: Path, epoch: int, data: Any) -> Callable[[], object]:
    """Return a function that computes a batch with MXNet's Module, which fuses layers."""
    symbol, arguments, states = mx.model.load_checkpoint(str(prefix), epoch)
    bound = mx.mod.Module(symbol, label_names=["softmax_label"])
    bound.bind([("data", data.shape)], for_training=False)
    bound.set_params(arguments, states)
    batch = mx.io.DataBatch([data])

    def forward() -> object:
        bound.forward(batch, is_train=False)
        return bound.get_outputs()[0].asnumpy()

    return forward


def make_batch(images: Sequence[Image]) -> Any:
    """Return images as an array: batch x channels x height x width."""
    return mx.nd.array(np.stack(images).transpose(0, 3, 1, 2).astype(np.float32))


def repeat(work: Callable[[], object]) -> Callable[[], None]:
    """Return a function that computes `BATCHES` batches."""

    def repeated() -> None:
        for _ in range(BATCHES):
            work()

    return repeated

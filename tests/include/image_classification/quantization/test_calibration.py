"""The int8 form of the published EfficientNet-Lite0."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.images.resizing import Image
from include.image_classification.model.artifact import PREFIX, store_model
from include.image_classification.model.int8_decision import EPOCH, SYMBOL
from include.image_classification.model.int8_decision import PREFIX as INT8
from include.image_classification.quantization.calibration import write_int8
from include.image_classification.serving.network import Network
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.pretrained.copy_weights import copy_weights
from include.image_classification.training.pretrained.reading import read_weights
from tests.include.image_classification.training.pretrained.weight_files import EFFICIENTNET_LITE0

SHAPE = (3, 64, 64)


def make_image(seed: int) -> Image:
    """Return an image of random waves."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[: SHAPE[1], : SHAPE[2]]
    waves = [
        np.sin(
            rows * random.uniform(0, 0.5) + columns * random.uniform(0, 0.5) + random.uniform(0, 6)
        )
        for _ in range(3)
    ]
    return np.asarray(127 + 120 * np.stack(waves, axis=2), np.uint8)


IMAGES = [make_image(seed) for seed in range(24)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with its int8 form."""
    folder = tmp_path_factory.mktemp("model")
    network = make_network(0, 1000, SHAPE, "efficientnet_lite0")
    weights = read_weights(EFFICIENTNET_LITE0)
    copy_weights(network, weights, "published", last_layer=True)
    store_model(network, folder, 1, SHAPE)
    write_int8((folder / PREFIX, 1), IMAGES[:16], folder)
    return folder


def nodes(folder: Path) -> list[Any]:
    graph: dict[str, list[Any]] = json.loads((folder / SYMBOL).read_text())
    return graph["nodes"]


def test_most_convolutions_are_int8_and_the_sensitive_ones_are_not(folder: Path) -> None:
    """Of the 49, the stem and the two of the first block stay float32."""
    is_int8 = [
        node["attrs"].get("quantized") == "true"
        for node in nodes(folder)
        if node["op"] == "_sg_mkldnn_conv"
    ]
    assert is_int8 == [False] * 3 + [True] * 46


def test_activations_and_paddings_are_part_of_the_convolutions(folder: Path) -> None:
    """Each of them as an operator of its own would be slow."""
    operators = {node["op"] for node in nodes(folder)}
    assert not operators & {"Pad", "clip", "BatchNorm", "Activation", "elemwise_add"}


def test_the_probabilities_are_close_to_those_of_float32(folder: Path) -> None:
    float32 = Network(folder / PREFIX, 1, SHAPE).probabilities(IMAGES[16:])
    int8 = Network(folder / INT8, EPOCH, SHAPE).probabilities(IMAGES[16:])
    correlation = np.corrcoef(np.log(float32).ravel(), np.log(int8).ravel())[0, 1]
    assert correlation > 0.95

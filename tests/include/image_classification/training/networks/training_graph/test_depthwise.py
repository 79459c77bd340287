"""Depthwise convolutions that are split into narrow ones."""

import json
from typing import Any

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.same_padding import SameConvolution
from include.image_classification.training.networks.shared import shared_block
from include.image_classification.training.networks.training_graph.depthwise import (
    COLUMNS,
    split_wide_depthwise,
)
from include.image_classification.training.networks.training_graph.rewriting import rewrite

Size = tuple[int, int]


def gradients(block: Any, weights: dict[str, Any], images: Any) -> list[Any]:
    """Return the output, and the gradients of the images and of the weights."""
    images.attach_grad()
    with mx.autograd.record():
        output = block(images)
        # Each output has its own weight, so that no two gradients cancel out.
        loss = (output * mx.nd.arange(output.size).reshape(output.shape)).sum()
    loss.backward()
    grads = [weight.grad().asnumpy() for _, weight in sorted(weights.items())]
    return [output.asnumpy(), images.grad.asnumpy(), *grads]


def assert_same(found: list[Any], expected: list[Any]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one - other).max() <= 1e-5 * np.abs(other).max()


@pytest.mark.parametrize("size", [(8, 8), (7, 7), (6, 9), (9, 6), (5, 20)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_output_and_gradients_stay_the_same(kernel: int, stride: int, size: Size) -> None:
    layer = SameConvolution(4, kernel, stride, size, 4, depthwise=True, prefix="layer_")
    layer.initialize(mx.init.Normal(1))
    symbol = layer(mx.sym.var("data"))
    split = shared_block(
        rewrite(symbol, {"data": (2, 4, *size)}, split_wide_depthwise), "data", layer
    )
    images = mx.nd.random.normal(shape=(2, 4, *size))
    weights = layer.collect_params()
    assert_same(gradients(split, weights, images), gradients(layer, weights, images))


def test_only_narrow_kernels_have_trained_weights() -> None:
    shape = (3, 64, 64)
    network = make_network(0, 3, shape, "efficientnet_lite0")
    symbol = rewrite(network(mx.sym.var("data")), {"data": (1, *shape)}, split_wide_depthwise)
    nodes = json.loads(symbol.tojson())["nodes"]
    wide = {
        node["attrs"]["kernel"]
        for node in nodes
        if node["op"] == "Convolution"
        and node["attrs"].get("num_group", "1") != "1"
        and nodes[node["inputs"][1][0]]["op"] != "one_hot"
        and int(node["attrs"]["kernel"].strip("()").split(",")[1]) > COLUMNS
    }
    assert not wide
    assert symbol.list_arguments() == network(mx.sym.var("data")).list_arguments()


def test_other_networks_are_unchanged() -> None:
    shape = (3, 32, 32)
    symbol = make_network(20, 3, shape)(mx.sym.var("data"))
    split = rewrite(symbol, {"data": (1, *shape)}, split_wide_depthwise)
    assert json.loads(split.tojson())["nodes"] == json.loads(symbol.tojson())["nodes"]

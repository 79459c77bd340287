"""ReLU6 as one operator."""

import json
from typing import Any

import numpy as np
import pytest

from include.image_classification.model.relu6 import fuse_relu6
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network

DATA = np.random.default_rng(0).normal(0, 9, (2, 3, 4, 4)).astype(np.float32)


def operators(symbol: Any) -> list[str]:
    nodes = json.loads(symbol.tojson())["nodes"]
    return [node["op"] for node in nodes if node["op"] != "null"]


def output(symbol: Any) -> Any:
    return symbol.bind(mx.cpu(), {"data": mx.nd.array(DATA)}).forward()[0].asnumpy()


def test_the_three_operators_become_a_clip_of_the_same_name() -> None:
    data = mx.sym.SwapAxis(mx.sym.var("data"), dim1=1, dim2=1)
    symbol = mx.sym.Activation(mx.sym.minimum(data, 6), act_type="relu", name="relu6")
    fused = fuse_relu6(symbol)
    assert operators(fused) == ["clip"]
    assert fused.list_outputs() == symbol.list_outputs() == ["relu6_output"]
    assert np.array_equal(output(fused), output(symbol))
    assert (output(fused).min(), output(fused).max()) == (0, 6)


@pytest.mark.parametrize(
    "symbol",
    [
        mx.sym.Activation(mx.sym.minimum(mx.sym.var("data"), 6), act_type="relu"),
        mx.sym.Activation(
            mx.sym.minimum(mx.sym.SwapAxis(mx.sym.var("data"), dim1=2, dim2=3), 6), act_type="relu"
        ),
        mx.sym.Activation(
            mx.sym.minimum(mx.sym.SwapAxis(mx.sym.var("data"), dim1=1, dim2=1), 6),
            act_type="sigmoid",
        ),
    ],
)
def test_other_operators_are_not_changed(symbol: Any) -> None:
    fused = fuse_relu6(symbol)
    assert operators(fused) == operators(symbol)
    assert np.array_equal(output(fused), output(symbol))


def test_every_activation_of_efficientnet_lite0_is_fused() -> None:
    network = make_network(0, 3, (3, 32, 32), "efficientnet_lite0")
    found = operators(fuse_relu6(network(mx.sym.var("data"))))
    assert found.count("clip") == 33
    assert not {"SwapAxis", "_minimum_scalar", "Activation"} & set(found)

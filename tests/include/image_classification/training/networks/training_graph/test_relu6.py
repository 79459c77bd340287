"""ReLU6 in the layout of oneDNN's convolutions."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.shared import shared_block
from include.image_classification.training.networks.training_graph.relu6 import keep_relu6_layout
from include.image_classification.training.networks.training_graph.rewriting import rewrite

nn = mx.gluon.nn

RELU6_OF_LITE0 = 33
"""One for each convolution that is not a linear projection: 49 - 16."""


class Bounded(mx.gluon.HybridBlock):  # type: ignore[misc]
    """A convolution, BatchNorm and ReLU6, as in `EfficientNet`."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__(prefix="bounded_")
        with self.name_scope():
            self.convolution = nn.Conv2D(channels, 1, in_channels=in_channels, use_bias=False)
            self.norm = nn.BatchNorm(in_channels=channels)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        plain = F.SwapAxis(self.norm(self.convolution(x)), dim1=1, dim2=1)
        return F.Activation(F.minimum(plain, 6), act_type="relu")


def train_step(block: Any, network: Any, images: Any, factors: Any) -> dict[str, Any]:
    """Return the output, the gradients and BatchNorm's statistics of one step."""
    network.norm.running_mean.set_data(mx.nd.zeros_like(network.norm.running_mean.data()))
    images.attach_grad()
    with mx.autograd.record():
        output = block(images)
    output.backward(factors)
    found = {"output": output.asnumpy(), "images": images.grad.asnumpy()}
    for name, value in network.collect_params().items():
        is_trained = value.grad_req != "null"
        if is_trained or name.endswith("mean"):
            found[name] = (value.grad() if is_trained else value.data()).asnumpy()
    return found


@pytest.mark.parametrize("in_channels", [16, 24])
@pytest.mark.parametrize("channels", [16, 40])
def test_output_gradients_and_statistics_stay_the_same(in_channels: int, channels: int) -> None:
    mx.random.seed(3)
    network = Bounded(in_channels, channels)
    network.initialize(mx.init.Normal(1))
    # BatchNorm's outputs are below 0, between 0 and 6, and above 6.
    network.norm.gamma.set_data(mx.nd.random.uniform(2, 8, shape=(channels,)))
    network.norm.beta.set_data(mx.nd.random.uniform(-3, 9, shape=(channels,)))
    shape = (4, in_channels, 5, 6)
    symbol = rewrite(network(mx.sym.var("data")), {"data": shape}, keep_relu6_layout)
    images = mx.nd.random.normal(shape=shape)
    factors = mx.nd.random.normal(shape=(4, channels, 5, 6))
    expected = train_step(network, network, images, factors)
    assert expected["output"].min() == 0
    assert expected["output"].max() == 6
    found = train_step(shared_block(symbol, "data", network), network, images, factors)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert np.abs(found[name] - value).max() <= 1e-5 * np.abs(value).max(), name


def nodes_of(symbol: Any) -> Iterator[tuple[str, str]]:
    for node in json.loads(symbol.tojson())["nodes"]:
        yield node["op"], node["name"]


def test_every_relu6_of_the_network_is_replaced() -> None:
    shape = (3, 64, 64)
    network = make_network(0, 3, shape, "efficientnet_lite0")
    symbol = network(mx.sym.var("data"))
    rewritten = rewrite(symbol, {"data": (1, *shape)}, keep_relu6_layout)
    operators = [operator for operator, _ in nodes_of(rewritten)]
    assert operators.count("_minimum_scalar") == 0
    assert operators.count("Activation") == 2 * RELU6_OF_LITE0
    # After the four convolutions of 24 or 40 channels to more.
    assert operators.count("SwapAxis") == 4
    assert rewritten.list_arguments() == symbol.list_arguments()
    assert rewritten.list_auxiliary_states() == symbol.list_auxiliary_states()


def test_other_networks_are_unchanged() -> None:
    shape = (3, 32, 32)
    symbol = make_network(20, 3, shape)(mx.sym.var("data"))
    rewritten = rewrite(symbol, {"data": (1, *shape)}, keep_relu6_layout)
    assert list(nodes_of(rewritten)) == list(nodes_of(symbol))

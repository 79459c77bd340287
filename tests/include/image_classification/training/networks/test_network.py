"""Networks by their number of layers."""

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network


@pytest.mark.parametrize(
    ("layers", "weights"),
    [(18, 18), (34, 34), (50, 50), (20, 20), (32, 32)],
)
def test_the_number_of_layers_is_the_number_of_weighted_layers(layers: int, weights: int) -> None:
    network = make_network(layers, 7, (3, 32, 32))
    names = [name for name in network.collect_params() if name.endswith("weight")]
    shortcuts = {18: 3, 34: 3, 50: 4}.get(layers, 2)  # not counted as layers of a ResNet
    assert len(names) - shortcuts == weights
    assert network(mx.nd.zeros((2, 3, 32, 32))).shape == (2, 7)


@pytest.mark.parametrize("family", ["torchvision", "efficientnet_lite0"])
def test_the_initial_logits_are_small(family: str) -> None:
    """With large initial logits, a small dataset needs most of its training to reduce them."""
    network = make_network(18, 3, (3, 64, 64), family)
    logits = network(mx.nd.random.uniform(0, 255, shape=(4, 3, 64, 64))).asnumpy()
    assert np.abs(logits).max() < 2


@pytest.mark.parametrize(
    ("family", "color"),
    [("torchvision", [123.675, 116.28, 103.53]), ("efficientnet_lite0", [127, 127, 127])],
)
def test_the_network_normalizes_raw_pixels(family: str, color: list[float]) -> None:
    """The logits for an image of the mean color are zero."""
    network = make_network(20, 3, (3, 32, 32), family)
    mean = mx.nd.array(color).reshape((1, 3, 1, 1))
    assert np.allclose(network(mean.broadcast_to((1, 3, 32, 32))).asnumpy(), 0, atol=1e-5)


@pytest.mark.parametrize("family", ["torchvision", "mxnet", "efficientnet_lite0"])
def test_a_grayscale_network_takes_one_channel(family: str) -> None:
    network = make_network(20, 3, (1, 32, 40), family)
    assert network(mx.nd.zeros((1, 1, 32, 40))).shape == (1, 3)

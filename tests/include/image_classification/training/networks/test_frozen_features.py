"""Features of frozen layers, computed by fused layers."""

from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.frozen_features import FrozenFeatures
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.parts import Part, part_parameters
from include.image_classification.training.networks.split import split_symbol

SHAPES: dict[tuple[str, int, int], dict[Part, tuple[int, ...]]] = {
    ("torchvision", 18, 40): {"head": (512, 1, 1), "last_stages": (256, 3, 3)},
    ("torchvision", 20, 32): {"head": (64, 1, 1), "last_stages": (32, 16, 16)},
    ("mxnet", 50, 40): {"head": (2048,), "last_stages": (1024, 3, 3)},
    ("efficientnet_lite0", 0, 45): {"head": (1280,), "last_stages": (112, 3, 3)},
}
"""The shape of the features, by network, num_layers, side and part."""

Made = tuple[Any, tuple[str, int, int]]
PIXELS = np.random.default_rng(0)


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def made(request: pytest.FixtureRequest) -> Made:
    """A network with statistics that differ from their initial values."""
    family, layers, side = request.param
    mx.random.seed(1)
    network = make_network(layers, 5, (3, side, side), family)
    for _ in range(3):
        with mx.autograd.record():
            network(mx.nd.array(pixels(8, side), dtype="float32")).wait_to_read()
    mx.nd.waitall()
    return network, request.param


def pixels(count: int, side: int) -> NDArray[np.uint8]:
    return PIXELS.integers(0, 256, (count, 3, side, side)).astype(np.uint8)


def relative_error(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def unfused(network: Any, trained: set[str], images: NDArray[np.uint8]) -> Any:
    """Return the frozen layers' output, computed by the network's own symbol."""
    symbol = network(mx.sym.var("data"))
    frozen, _ = split_symbol(symbol, trained)
    block = mx.gluon.SymbolBlock(frozen, mx.sym.var("data"), params=network.collect_params())
    return block(mx.nd.array(images, dtype="float32")).asnumpy()


@pytest.mark.parametrize("part", get_args(Part))
def test_the_features_are_those_of_the_unfused_network(made: Made, part: Part) -> None:
    """The last of the batches is not full."""
    network, case = made
    side = case[-1]
    trained = part_parameters(network, part)
    features = FrozenFeatures(network, trained, (3, side, side), batch=4)
    images = pixels(6, side)
    found = features(images)
    assert features.shape == SHAPES[case][part] == found.shape[1:]
    assert relative_error(found, unfused(network, trained, images)) < 1e-4
    assert np.array_equal(found, features(images.astype(np.float32)))


def test_later_changes_of_the_network_do_not_change_the_features() -> None:
    network = make_network(20, 3, (3, 32, 32))
    features = FrozenFeatures(network, part_parameters(network, "head"), (3, 32, 32))
    images = pixels(2, 32)
    before = features(images)
    for parameter in network.collect_params().values():
        parameter.set_data(parameter.data() * 2)
    assert np.array_equal(features(images), before)


def test_a_network_without_frozen_layers_is_rejected() -> None:
    network = make_network(20, 3, (3, 32, 32))
    with pytest.raises(ValueError, match="no single layer separates the frozen layers"):
        FrozenFeatures(network, set(network.collect_params()), (3, 32, 32))


def test_trained_layers_with_several_inputs_are_rejected() -> None:
    """A block between frozen ones: the shortcut around it is a second input."""
    network = make_network(0, 3, (3, 32, 32), "efficientnet_lite0")
    trained = {name for name in network.collect_params() if "blocks4_project" in name}
    with pytest.raises(ValueError, match="no single layer separates the frozen layers"):
        FrozenFeatures(network, trained, (3, 32, 32))

"""The layers after the frozen ones: a block that trains the network."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from include.image_classification.mxnet_import import mx
from include.image_classification.training.fine_tuning.frozen_part import FrozenPart
from include.image_classification.training.networks.frozen_features import FrozenFeatures
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.parts import (
    Part,
    later_parameters,
    part_parameters,
)

PIXELS = np.random.default_rng(0)
FAMILIES = [("torchvision", 18), ("torchvision", 20), ("mxnet", 50), ("efficientnet_lite0", 0)]


def pixels(count: int, side: int) -> NDArray[np.uint8]:
    return PIXELS.integers(0, 256, (count, 3, side, side)).astype(np.uint8)


def split(network: Any, trained: set[str], side: int) -> tuple[FrozenFeatures, Any]:
    """Return what computes the features, and the block from features to logits."""
    shape = (3, side, side)
    part = FrozenPart(network, trained, shape, 8, [mx.cpu()])
    features = FrozenFeatures(network, trained, shape)
    assert part.feature_shape == features.shape
    return features, part.make_rest()


@pytest.mark.parametrize("part", ["head", "last_stages", 2])
@pytest.mark.parametrize(("family", "layers"), FAMILIES)
def test_the_rest_of_the_network_gives_its_logits(
    family: str, layers: int, part: Part | int
) -> None:
    network = make_network(layers, 5, (3, 45, 45), family)
    if isinstance(part, int):
        trained = later_parameters(network, part)
    else:
        trained = part_parameters(network, part)
    features, rest = split(network, trained, 45)
    images = pixels(3, 45)
    logits = rest(mx.nd.array(features(images))).asnumpy()
    expected = network(mx.nd.array(images, dtype="float32")).asnumpy()
    assert np.abs(logits - expected).max() < 1e-4 * np.abs(expected).max()


def test_training_the_rest_trains_the_network() -> None:
    network = make_network(20, 3, (3, 32, 32))
    trained = part_parameters(network, "head")
    (features, rest), images = split(network, trained, 32), pixels(4, 32)
    before = features(images)
    frozen = network.collect_params()["resnet_conv0_weight"].data().asnumpy()
    trainer = mx.gluon.Trainer(
        {name: network.collect_params()[name] for name in trained}, "sgd", {"learning_rate": 0.1}
    )
    old = network(mx.nd.array(images)).asnumpy()
    with mx.autograd.record():
        loss = rest(mx.nd.array(before)).square().sum()
    loss.backward()
    trainer.step(4)
    assert not np.allclose(network(mx.nd.array(images)).asnumpy(), old)
    assert np.array_equal(network.collect_params()["resnet_conv0_weight"].data().asnumpy(), frozen)


def test_the_dropout_before_the_head_is_trained_with_it() -> None:
    network = make_network(0, 3, (3, 32, 32), "efficientnet_lite0")
    _, rest = split(network, part_parameters(network, "head"), 32)
    inputs = mx.nd.ones((2, 1280))
    assert np.array_equal(rest(inputs).asnumpy(), rest(inputs).asnumpy())
    with mx.autograd.record():
        outputs = [rest(inputs).asnumpy() for _ in range(2)]
    assert not np.allclose(outputs[0], outputs[1])

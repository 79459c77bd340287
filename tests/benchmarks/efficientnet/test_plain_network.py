"""The plain network is the project's network, so that both do the same work."""

from typing import Any

import numpy as np
import pytest

from benchmarks.efficientnet.features import plain_features
from benchmarks.efficientnet.plain_network import plain_network
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.frozen_features import FrozenFeatures
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.networks.parts import part_parameters

SHAPE = (3, 33, 33)
"""Odd sides at each resolution, with which both networks pad alike."""

PIXELS = np.random.default_rng(0).integers(0, 256, (5, *SHAPE)).astype(np.uint8)


def parameters(network: Any) -> list[Any]:
    constant = mx.gluon.parameter.Constant
    values = network.collect_params().values()
    return [value for value in values if not isinstance(value, constant)]


@pytest.fixture(scope="module")
def networks() -> tuple[Any, Any]:
    """The project's network, with statistics of images, and a plain network with its weights."""
    mx.random.seed(1)
    network = make_network(0, 7, SHAPE, "efficientnet_lite0")
    for _ in range(3):
        with mx.autograd.record():
            network(mx.nd.array(PIXELS, dtype="float32")).wait_to_read()
    mx.nd.waitall()
    plain = plain_network(7)
    for copy, original in zip(parameters(plain), parameters(network), strict=True):
        copy.set_data(original.data())
    return network, plain


def test_the_logits_are_equal(networks: tuple[Any, Any]) -> None:
    logits, plain = (
        network(mx.nd.array(PIXELS, dtype="float32")).asnumpy() for network in networks
    )
    assert np.ptp(logits) > 0
    assert np.allclose(plain, logits, rtol=1e-3, atol=1e-3 * np.abs(logits).max())


def test_the_features_are_equal(networks: tuple[Any, Any]) -> None:
    network, plain = networks
    frozen = FrozenFeatures(network, part_parameters(network, "head"), SHAPE, batch=2)
    expected = frozen(PIXELS)
    unfused = plain_features(plain.features, PIXELS, 2)
    plain.features.hybridize(backend="MKLDNN", static_alloc=True, static_shape=True)
    fused = plain_features(plain.features, PIXELS, 2)
    for found in (unfused, fused):
        assert found.shape == expected.shape == (5, 1280)
        assert np.allclose(found, expected, atol=1e-3 * np.abs(expected).max())

"""The published EfficientNet-Lite0 has the same logits in MXNet and in PyTorch."""

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.pretrained.copy_weights import copy_weights
from include.image_classification.training.pretrained.reading import read_weights
from tests.include.image_classification.training.pretrained.reference_logits import (
    SHAPES,
    pixels,
    recorded_logits,
)
from tests.include.image_classification.training.pretrained.weight_files import (
    EFFICIENTNET_LITE0 as WEIGHTS,
)

CLASSES = 1000


@pytest.mark.parametrize("shape", SHAPES)
def test_the_logits_are_those_of_pytorch(shape: tuple[int, int, int]) -> None:
    """This covers layers, padding of even and odd sides, epsilon and normalization."""
    network = make_network(0, CLASSES, shape, "efficientnet_lite0")
    copy_weights(network, read_weights(WEIGHTS), WEIGHTS.name, last_layer=True)
    found = network(mx.nd.array(pixels(shape))).asnumpy()[0]
    expected = recorded_logits(shape)
    assert expected.shape == (CLASSES,)
    assert np.abs(found - expected).max() < 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_the_recorded_logits_are_those_of_pytorch(shape: tuple[int, int, int]) -> None:
    pytest.importorskip("torch", reason="PyTorch is a test extra: pip install torch==2.13.0")
    from tests.include.image_classification.training.pretrained import pytorch_efficientnet

    computed = pytorch_efficientnet.logits(WEIGHTS, pixels(shape))[0]
    assert np.abs(computed - recorded_logits(shape)).max() < 1e-4

"""bfloat16 computation with the network's float32 parameters."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.precision.bfloat16 import to_bfloat16

SHAPE = (3, 40, 40)


@pytest.fixture(scope="module", params=["torchvision", "mxnet", "efficientnet_lite0"])
def network(request: pytest.FixtureRequest) -> Any:
    mx.random.seed(1)
    return make_network(18, 3, SHAPE, request.param)


def pixels() -> Any:
    return mx.nd.array(np.random.default_rng(0).integers(0, 256, (4, *SHAPE)), dtype="float32")


def test_only_the_first_convolution_stays_float32(network: Any) -> None:
    symbol = to_bfloat16(network)(mx.sym.var("data"))
    nodes = json.loads(symbol.tojson(remove_amp_cast=False))["nodes"]
    is_cast = [
        nodes[node["inputs"][1][0]]["op"] == "amp_cast"  # the convolution's weights
        for node in nodes
        if node["op"] == "Convolution"
    ]
    assert is_cast == [False] + [True] * (len(is_cast) - 1)


def test_the_network_itself_is_unchanged(network: Any) -> None:
    to_bfloat16(network)
    symbol = network(mx.sym.var("data"))
    assert "amp_cast" not in symbol.tojson(remove_amp_cast=False)
    assert {np.dtype(p.dtype) for p in network.collect_params().values()} == {np.dtype("float32")}


HAS_AVX512 = "avx512bw" in Path("/proc/cpuinfo").read_text()
"""Without AVX-512, oneDNN has no bfloat16; trainings then use float32 (see `choice.py`)."""


@pytest.mark.skipif(not HAS_AVX512, reason="oneDNN has bfloat16 for AVX-512 only")
def test_the_gradients_are_close_to_those_of_float32(network: Any) -> None:
    """The gradients are written to the network's parameters, with bfloat16's three digits.

    The errors of EfficientNet-Lite0's 49 convolutions, with few channels each, add up to more.
    """
    gradients = []
    labels = mx.nd.array([0, 1, 2, 0])
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    last = next(
        p
        for n, p in network.collect_params().items()
        if n.endswith(("fc1_weight", "dense0_weight", "fc_weight"))
    )
    for block in (to_bfloat16(network), network):
        mx.random.seed(2)  # dropout
        with mx.autograd.record():
            value = loss(block(pixels()).astype("float32"), labels)
        value.backward()
        mx.nd.waitall()
        gradients.append(last.grad().asnumpy().ravel().copy())
    bfloat16, float32 = gradients
    limit = 0.92 if last.name.startswith("efficientnet") else 0.98
    assert np.corrcoef(float32, bfloat16)[0, 1] > limit
    assert not (float32 == bfloat16).all()

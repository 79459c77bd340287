"""Computing in bfloat16 must train the network's own float32 parameters, to much the same end."""

import json
from typing import Any

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.bfloat16 import in_bfloat16
from include.image_classification.training.networks.network import make_network

SHAPE = (3, 40, 40)


@pytest.fixture(scope="module", params=["torchvision", "mxnet"])
def network(request: pytest.FixtureRequest) -> Any:
    mx.random.seed(1)
    return make_network(18, 3, SHAPE, request.param)


def pixels() -> Any:
    return mx.nd.array(np.random.default_rng(0).integers(0, 256, (4, *SHAPE)), dtype="float32")


def test_only_the_first_convolution_stays_float32(network: Any) -> None:
    symbol = in_bfloat16(network)(mx.sym.var("data"))
    nodes = json.loads(symbol.tojson(remove_amp_cast=False))["nodes"]
    told = [
        nodes[node["inputs"][1][0]]["op"] == "amp_cast"  # of its weights
        for node in nodes
        if node["op"] == "Convolution"
    ]
    assert told == [False] + [True] * (len(told) - 1)


def test_the_stored_network_has_no_trace_of_it(network: Any) -> None:
    in_bfloat16(network)
    symbol = network(mx.sym.var("data"))
    assert "amp_cast" not in symbol.tojson(remove_amp_cast=False)
    assert {np.dtype(p.dtype) for p in network.collect_params().values()} == {np.dtype("float32")}


def test_it_answers_and_learns_as_float32_does(network: Any) -> None:
    """Within bfloat16's three decimal digits; its gradients land in the network's parameters."""
    gradients = []
    labels = mx.nd.array([0, 1, 2, 0])
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    last = next(
        p
        for n, p in network.collect_params().items()
        if n.endswith(("fc1_weight", "dense0_weight"))
    )
    for block in (network, in_bfloat16(network)):
        with mx.autograd.record():
            value = loss(block(pixels()).astype("float32"), labels)
        value.backward()
        mx.nd.waitall()
        gradients.append(last.grad().asnumpy().ravel().copy())
    exact, near = gradients
    assert np.corrcoef(exact, near)[0, 1] > 0.98
    assert not (exact == near).all()

"""The stored model: a temperature is part of its last layer."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.image_classification.model.artifact import PREFIX, save_parameters, store_model
from include.image_classification.model.calibration import Calibration
from include.image_classification.model.last_layer import last_layer
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network

SHAPE = (3, 32, 32)
PIXELS = np.random.default_rng(3).integers(0, 256, (4, *SHAPE)).astype(np.float32)


def calibration(temperature: float) -> Calibration:
    return Calibration(temperature, None, 40, 1.0, 0.5, 0.2, 0.1)


def predict(folder: Path, epoch: int) -> Any:
    """Return probabilities as any client of MXNet computes them."""
    symbol, arguments, states = mx.model.load_checkpoint(str(folder / PREFIX), epoch)
    inputs = {"data": mx.nd.array(PIXELS), "softmax_label": mx.nd.zeros(len(PIXELS))}
    executor = symbol.bind(mx.cpu(), arguments | inputs, grad_req="null", aux_states=states)
    return executor.forward(is_train=False)[0].asnumpy()


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("family", ["torchvision", "mxnet"])
@pytest.mark.parametrize("temperature", [0.4, 3.7])
def test_the_stored_model_returns_softmax_of_logits_divided_by_the_temperature(
    tmp_path: Path, family: str, temperature: float
) -> None:
    mx.random.seed(1)
    network = make_network(20, 5, SHAPE, family)
    logits = network(mx.nd.array(PIXELS)).asnumpy()
    # New networks return small logits, whose probabilities hardly depend on a temperature.
    weight, bias = (network.collect_params()[name] for name in last_layer(_output(network)))
    weight.set_data(weight.data() * 1.5 / logits.std())
    bias.set_data(mx.nd.array([0.5, -0.5, 1.0, 0.0, -1.0]))
    logits = network(mx.nd.array(PIXELS)).asnumpy()
    assert np.abs(softmax(logits) - softmax(logits / temperature)).max() > 0.05
    for _ in range(2):  # as after an interruption: the network keeps its own logits
        store_model(network, tmp_path, 7, SHAPE, calibration=calibration(temperature))
    assert np.array_equal(network(mx.nd.array(PIXELS)).asnumpy(), logits)
    stored = predict(tmp_path, 7)
    assert np.abs(stored - softmax(logits / temperature)).max() < 1e-5
    assert np.array_equal(stored.argmax(axis=1), logits.argmax(axis=1))
    assert json.loads((tmp_path / "calibration.json").read_text())["temperature"] == temperature
    store_model(network, tmp_path, 8, SHAPE)
    assert np.abs(predict(tmp_path, 8) - softmax(logits)).max() < 1e-5
    assert not (tmp_path / "calibration.json").exists()


def test_a_temperature_changes_the_last_layer_only(tmp_path: Path) -> None:
    network = make_network(20, 5, SHAPE)
    plain, scaled = (
        mx.nd.load(str(save_parameters(network, tmp_path, epoch, temperature)))
        for epoch, temperature in ((1, 1.0), (2, 2.0))
    )
    changed = [n for n in plain if not np.array_equal(plain[n].asnumpy(), scaled[n].asnumpy())]
    assert changed == [f"arg:{last_layer(_output(network))[0]}"]  # the new bias is 0


def test_a_network_without_a_dense_last_layer_is_named() -> None:
    convolution = mx.sym.Convolution(mx.sym.var("data"), kernel=(1, 1), num_filter=3, name="head")
    output = mx.sym.SoftmaxOutput(mx.sym.Flatten(convolution), name="softmax")
    with pytest.raises(ValueError, match="output of Convolution head, not FullyConnected"):
        last_layer(output)


def test_operators_after_the_last_layer_that_change_no_value_are_passed() -> None:
    dense = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="head", no_bias=True)
    cast = mx.sym.Cast(mx.sym.Flatten(dense), dtype="float32")
    assert last_layer(mx.sym.SoftmaxOutput(cast)) == ("head_weight",)


def _output(network: Any) -> Any:
    return mx.sym.SoftmaxOutput(network(mx.sym.var("data")), name="softmax")

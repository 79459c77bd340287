"""Symbols that are rewritten for inference."""

import json
from typing import Any

import numpy as np
import pytest

from include.image_classification.model.inference_graph import inference_graph
from include.image_classification.mxnet_import import mx

DATA = np.random.default_rng(0).normal(size=(2, 3, 6, 6)).astype(np.float32)
WEIGHT = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)


def padded(symbol: Any, width: tuple[int, ...], value: float = 0) -> Any:
    return mx.sym.pad(symbol, mode="constant", pad_width=width, constant_value=value)


def convolution(data: Any, weight: Any) -> Any:
    return mx.sym.Convolution(data, weight, num_filter=4, kernel=(4, 4), no_bias=True, name="conv")


def output(symbol: Any, arguments: dict[str, Any]) -> Any:
    values = {"data": mx.nd.array(DATA), **arguments}
    used = {name: values[name] for name in symbol.list_arguments()}
    return symbol.bind(mx.cpu(), used).forward()[0].asnumpy()


def operators(symbol: Any) -> list[str]:
    nodes = json.loads(symbol.tojson())["nodes"]
    return [node["op"] for node in nodes if node["op"] != "null"]


@pytest.mark.parametrize("value", [0, 0.5])
def test_a_padded_weight_becomes_a_parameter(value: float) -> None:
    weight = padded(mx.sym.var("weight"), (0, 0, 0, 0, 1, 0, 1, 0), value)
    symbol = convolution(mx.sym.var("data"), weight)
    arguments = {"weight": mx.nd.array(WEIGHT)}
    changed, values = inference_graph(symbol, arguments)
    assert operators(changed) == ["Convolution"]
    assert np.allclose(output(changed, values), output(symbol, arguments), atol=1e-5)
    assert arguments.keys() == {"weight"}


def test_padded_data_stay_in_the_symbol() -> None:
    data = padded(mx.sym.var("data"), (0, 0, 0, 0, 1, 1, 1, 1))
    symbol = mx.sym.Convolution(
        data, mx.sym.var("weight"), num_filter=4, kernel=(3, 3), no_bias=True, name="conv"
    )
    arguments = {"weight": mx.nd.array(WEIGHT)}
    changed, values = inference_graph(symbol, arguments)
    assert operators(changed) == ["Pad", "Convolution"]
    assert np.allclose(output(changed, values), output(symbol, arguments), atol=1e-5)

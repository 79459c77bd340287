"""The network families: torchvision's, that of MXNet's example, and EfficientNet-Lite0."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network

PUBLISHED = {18: 11_689_512, 34: 21_797_672, 50: 25_557_032}
"""Number of parameters of torchvision's networks for ImageNet."""

UNITS = {
    18: ([2, 2, 2, 2], [64, 64, 128, 256, 512]),
    34: ([3, 4, 6, 3], [64, 64, 128, 256, 512]),
    50: ([3, 4, 6, 3], [64, 256, 512, 1024, 2048]),
    101: ([3, 4, 23, 3], [64, 256, 512, 1024, 2048]),
    20: ([3, 3, 3], [16, 16, 32, 64]),
    32: ([5, 5, 5], [16, 16, 32, 64]),
    110: ([18, 18, 18], [16, 16, 32, 64]),
}
"""Units of each stage, and channels; from example/image-classification/symbols/resnet.py."""


@cache
def shapes(layers: int, side: int, classes: int = 7) -> dict[str, tuple[int, ...]]:
    network = make_network(layers, classes, (3, side, side), "mxnet")
    return {name: value.shape for name, value in network.collect_params().items()}


def count_trainable(network: Any) -> int:
    parameters = network.collect_params().values()
    return sum(int(np.prod(p.shape)) for p in parameters if p.grad_req != "null")


def test_efficientnet_lite0_has_the_published_number_of_parameters() -> None:
    assert count_trainable(make_network(0, 1000, (3, 32, 32), "efficientnet_lite0")) == 4_652_008


@pytest.mark.parametrize("shape", [(3, 65, 64), (3, 64, 97)])
def test_efficientnet_lite0s_parameters_do_not_depend_on_the_image_size(
    shape: tuple[int, int, int],
) -> None:
    """A model can be trained with one image size, and serve another one."""
    first, second = (
        make_network(0, 3, side, "efficientnet_lite0").collect_params()
        for side in ((3, 32, 32), shape)
    )
    assert {n: p.shape for n, p in first.items()} == {n: p.shape for n, p in second.items()}


def test_dropout_has_no_effect_in_inference() -> None:
    network = make_network(0, 3, (3, 32, 32), "efficientnet_lite0")
    pixels = mx.nd.random.uniform(0, 255, shape=(2, 3, 32, 32))
    assert np.array_equal(network(pixels).asnumpy(), network(pixels).asnumpy())
    logits = []
    for _ in range(2):
        with mx.autograd.record():
            logits.append(network(pixels).asnumpy())
    assert not np.allclose(logits[0], logits[1], atol=1e-4)


@pytest.mark.parametrize("layers", PUBLISHED)
def test_the_torchvision_family_has_the_published_number_of_parameters(layers: int) -> None:
    assert count_trainable(make_network(layers, 1000, (3, 64, 64))) == PUBLISHED[layers]


def test_the_bottleneck_has_torchvisions_stride() -> None:
    """Published weights do not fit Gluon's bottleneck: its first convolution has the stride."""
    network = make_network(50, 7, (3, 64, 64)).network
    second = network.features[5][0].body
    assert [second[index]._kwargs["stride"] for index in (0, 3, 6)] == [(1, 1), (2, 2), (1, 1)]


@pytest.mark.parametrize(("layers", "side"), [(n, 32 if n in (20, 32, 110) else 64) for n in UNITS])
def test_the_mxnet_family_has_the_examples_names_and_shapes(layers: int, side: int) -> None:
    units, filters = UNITS[layers]
    bottleneck = layers >= 50 and layers != 110
    expected = {
        name
        for stage, count in enumerate(units, 1)
        for unit in range(1, count + 1)
        for name in _unit(f"stage{stage}_unit{unit}", 3 if bottleneck else 2, unit == 1)
    }
    stem = {"bn_data", "bn1"} | ({"bn0"} if side > 32 else set())
    expected |= {name for norm in stem for name in _norm(norm)}
    expected |= {"conv0_weight", "fc1_weight", "fc1_bias"}
    found = shapes(layers, side)
    assert set(found) == expected
    assert found["conv0_weight"] == (filters[0], 3, *((7, 7) if side > 32 else (3, 3)))
    assert found["fc1_weight"] == (7, filters[-1])
    last = f"stage{len(units)}_unit1"
    assert found[f"{last}_sc_weight"] == (filters[-1], filters[-2], 1, 1)
    inner = filters[-1] // 4 if bottleneck else filters[-1]
    assert found[f"{last}_conv2_weight"] == (inner, inner, 3, 3)


def test_the_mxnet_family_takes_raw_pixels_and_has_untrained_statistics() -> None:
    """The layer bn_data normalizes the pixels."""
    network = make_network(20, 3, (3, 32, 32), "mxnet")
    pixels = mx.nd.random.uniform(0, 255, shape=(4, 3, 32, 32))
    with mx.autograd.record():
        logits = network(pixels)
    logits.backward()
    mx.nd.waitall()  # the backward pass writes BatchNorm's statistics asynchronously
    assert np.abs(logits.asnumpy()).max() < 2
    parameters = network.collect_params()
    assert parameters["bn_data_moving_mean"].grad_req == "null"
    assert parameters["bn_data_moving_mean"].data().asnumpy().min() > 1  # the mean of the pixels
    symbol = network(mx.sym.var("data"))
    assert symbol.list_inputs()[0] == "data"
    assert set(symbol.list_inputs()) == {"data", *parameters}


def _norm(name: str) -> set[str]:
    return {f"{name}_{part}" for part in ("gamma", "beta", "moving_mean", "moving_var")}


def _unit(name: str, convolutions: int, first: bool) -> set[str]:
    numbers = range(1, convolutions + 1)
    norms = {part for number in numbers for part in _norm(f"{name}_bn{number}")}
    weights = {f"{name}_conv{number}_weight" for number in numbers}
    return norms | weights | ({f"{name}_sc_weight"} if first else set())

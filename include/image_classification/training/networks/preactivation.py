"""MXNet's pre-activation ResNets, with the names and shapes of its image-classification example.

Parameters of that example, or of an algorithm that is built on it, can be loaded. Raw pixels are
normalized by `bn_data`, a BatchNorm layer without a trained scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.image_classification.mxnet_import import mx

EPSILON, MOMENTUM = 2e-5, 0.9


@dataclass(frozen=True)
class ResNetSpec:
    """The dimensions of a ResNet."""

    units: Sequence[int]
    """Residual units of each stage."""
    filters: Sequence[int]
    """Channels of the stem, then of each stage."""
    bottleneck: bool
    """Whether a unit is a bottleneck of three convolutions, or two convolutions."""
    small: bool
    """Whether the stem keeps the resolution."""


def logits_symbol(spec: ResNetSpec, classes: int) -> Any:
    """Return the network from `data` (raw pixels, NCHW) to its last layer, `fc1`."""
    data = mx.sym.identity(mx.sym.var("data"), name="id")
    body = _stem(_normalize(data, "bn_data", fix_gamma=True), spec)
    for stage, (units, channels) in enumerate(zip(spec.units, spec.filters[1:], strict=True), 1):
        for unit in range(1, units + 1):
            stride = 2 if unit == 1 and stage > 1 else 1
            name, first = f"stage{stage}_unit{unit}", unit == 1
            body = _unit(body, name, channels, stride, first, spec.bottleneck)
    pooled = mx.sym.Pooling(
        _activate(body, "bn1", "relu1"), global_pool=True, kernel=(7, 7), pool_type="avg",
        name="pool1",
    )  # fmt: skip
    return mx.sym.FullyConnected(mx.sym.flatten(pooled), num_hidden=classes, name="fc1")


def _stem(data: Any, spec: ResNetSpec) -> Any:
    if spec.small:
        return _convolution(data, "conv0", spec.filters[0], 3, 1)
    body = _activate(_convolution(data, "conv0", spec.filters[0], 7, 2), "bn0", "relu0")
    return mx.sym.Pooling(body, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="max")


def _unit(data: Any, name: str, channels: int, stride: int, first: bool, bottleneck: bool) -> Any:
    # (kernel, channels, stride) of each convolution
    inner = channels // 4
    three = [(1, inner, 1), (3, inner, stride), (1, channels, 1)]
    layers = three if bottleneck else [(3, channels, stride), (3, channels, 1)]
    body = activated = _activate(data, f"{name}_bn1", f"{name}_relu1")
    for number, (kernel, filters, step) in enumerate(layers, 1):
        if number > 1:
            body = _activate(body, f"{name}_bn{number}", f"{name}_relu{number}")
        body = _convolution(body, f"{name}_conv{number}", filters, kernel, step)
    shortcut = _convolution(activated, f"{name}_sc", channels, 1, stride) if first else data
    return mx.sym.elemwise_add(body, shortcut)


def _activate(data: Any, norm: str, relu: str) -> Any:
    return mx.sym.Activation(_normalize(data, norm, fix_gamma=False), act_type="relu", name=relu)


def _normalize(data: Any, name: str, fix_gamma: bool) -> Any:
    return mx.sym.BatchNorm(data, fix_gamma=fix_gamma, eps=EPSILON, momentum=MOMENTUM, name=name)


def _convolution(data: Any, name: str, channels: int, kernel: int, stride: int) -> Any:
    return mx.sym.Convolution(
        data, num_filter=channels, kernel=(kernel, kernel), stride=(stride, stride),
        pad=(kernel // 2, kernel // 2), no_bias=True, name=name,
    )  # fmt: skip


def preactivation_network(spec: ResNetSpec, classes: int) -> Any:
    """Return the network as a Gluon block with uninitialized parameters.

    The parameters have the names of the symbol's. BatchNorm's statistics are named
    `..._moving_mean` and `..._moving_var`.
    """
    block = mx.gluon.SymbolBlock(logits_symbol(spec, classes), mx.sym.var("data", dtype="float32"))
    for name, parameter in block.collect_params().items():
        parameter.init = _initializer(name)
    return block


def _initializer(name: str) -> Any:
    if name == "fc1_weight":
        return mx.init.Normal(0.01)
    if name.endswith(("_gamma", "_moving_var")):
        return mx.init.One()
    return None if name.endswith("_weight") else mx.init.Zero()

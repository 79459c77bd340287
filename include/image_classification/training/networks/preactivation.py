"""MXNet's own ResNets: pre-activation, by the names and shapes of its image-classification example.

Whoever has parameters of that example, or of an algorithm built on it, can load them here. Raw
pixels are normalised by `bn_data`, a BatchNorm over the input without a scale of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.image_classification.mxnet_import import mx

EPSILON, MOMENTUM = 2e-5, 0.9


@dataclass(frozen=True)
class Plan:
    """What distinguishes one depth from another."""

    units: Sequence[int]
    """Residual units a stage."""
    filters: Sequence[int]
    """Channels of the stem, then of each stage."""
    wide: bool
    """Whether a unit is three convolutions with a narrow one in the middle, or two."""
    small: bool
    """Whether the stem keeps the resolution."""


def logits_symbol(plan: Plan, classes: int) -> Any:
    """Return the network from `data` (raw pixels, NCHW) to its last layer, `fc1`."""
    data = mx.sym.identity(mx.sym.var("data"), name="id")
    body = _stem(_normalised(data, "bn_data", fix_gamma=True), plan)
    for stage, (units, channels) in enumerate(zip(plan.units, plan.filters[1:], strict=True), 1):
        for unit in range(1, units + 1):
            stride = 2 if unit == 1 and stage > 1 else 1
            body = _unit(body, f"stage{stage}_unit{unit}", channels, stride, unit == 1, plan.wide)
    pooled = mx.sym.Pooling(
        _activated(body, "bn1", "relu1"), global_pool=True, kernel=(7, 7), pool_type="avg",
        name="pool1",
    )  # fmt: skip
    return mx.sym.FullyConnected(mx.sym.flatten(pooled), num_hidden=classes, name="fc1")


def _stem(data: Any, plan: Plan) -> Any:
    if plan.small:
        return _convolution(data, "conv0", plan.filters[0], 3, 1)
    body = _activated(_convolution(data, "conv0", plan.filters[0], 7, 2), "bn0", "relu0")
    return mx.sym.Pooling(body, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="max")


def _unit(data: Any, name: str, channels: int, stride: int, first: bool, wide: bool) -> Any:
    # (kernel, channels, stride) of each convolution; the bottleneck strides in its middle.
    inner = channels // 4
    narrow = [(1, inner, 1), (3, inner, stride), (1, channels, 1)]
    layers = narrow if wide else [(3, channels, stride), (3, channels, 1)]
    body = entered = _activated(data, f"{name}_bn1", f"{name}_relu1")
    for number, (kernel, filters, step) in enumerate(layers, 1):
        if number > 1:
            body = _activated(body, f"{name}_bn{number}", f"{name}_relu{number}")
        body = _convolution(body, f"{name}_conv{number}", filters, kernel, step)
    shortcut = _convolution(entered, f"{name}_sc", channels, 1, stride) if first else data
    return mx.sym.elemwise_add(body, shortcut)


def _activated(data: Any, norm: str, relu: str) -> Any:
    return mx.sym.Activation(_normalised(data, norm, fix_gamma=False), act_type="relu", name=relu)


def _normalised(data: Any, name: str, fix_gamma: bool) -> Any:
    return mx.sym.BatchNorm(data, fix_gamma=fix_gamma, eps=EPSILON, momentum=MOMENTUM, name=name)


def _convolution(data: Any, name: str, channels: int, kernel: int, stride: int) -> Any:
    return mx.sym.Convolution(
        data, num_filter=channels, kernel=(kernel, kernel), stride=(stride, stride),
        pad=(kernel // 2, kernel // 2), no_bias=True, name=name,
    )  # fmt: skip


def preactivation_network(plan: Plan, classes: int) -> Any:
    """Return the network as a Gluon block, its parameters not yet initialised.

    Their names are the symbol's, BatchNorm's statistics `..._moving_mean` and `..._moving_var`.
    """
    block = mx.gluon.SymbolBlock(logits_symbol(plan, classes), mx.sym.var("data", dtype="float32"))
    for name, parameter in block.collect_params().items():
        parameter.init = _initial(name)
    return block


def _initial(name: str) -> Any:
    if name == "fc1_weight":
        return mx.init.Normal(0.01)
    if name.endswith(("_gamma", "_moving_var")):
        return mx.init.One()
    return None if name.endswith("_weight") else mx.init.Zero()

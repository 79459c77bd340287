"""EfficientNet-Lite0 in plain Gluon, written like MobileNetV2 in Gluon's model zoo."""

from __future__ import annotations

from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.efficientnet import (
    DROPOUT,
    EPSILON,
    HEAD,
    MEAN,
    MOMENTUM,
    SPREAD,
    STAGES,
    STEM,
)

nn = mx.gluon.nn


def plain_network(classes: int, channels: int = 3) -> Any:
    """Return an initialized, hybridized EfficientNet-Lite0 from raw pixels to logits.

    Convolutions pad both ends alike. With an odd side at each resolution, such as 33 pixels, that
    is TensorFlow's SAME padding; with an even side, it is faster in plain Gluon, which would copy
    the input to pad its ends differently.

    Args:
        classes: The number of classes.
        channels: The number of channels of the images.
    """
    features = nn.HybridSequential()
    features.add(_Normalization())
    _add_unit(features, channels, STEM, kernel=3, stride=2)
    in_channels = STEM
    for stage in STAGES:
        for number in range(stage.blocks):
            stride = stage.stride if number == 0 else 1
            features.add(_Block(in_channels, stage.channels, stage.expansion, stage.kernel, stride))
            in_channels = stage.channels
    _add_unit(features, in_channels, HEAD)
    features.add(nn.GlobalAvgPool2D(), nn.Flatten())
    network = PlainNetwork(features, classes)
    network.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="out", magnitude=2))
    network.hybridize(static_alloc=True, static_shape=True)
    return network


class PlainNetwork(mx.gluon.HybridBlock):  # type: ignore[misc]
    """Logits of raw pixels, from the pooled output of `features`."""

    def __init__(self, features: Any, classes: int) -> None:
        super().__init__()
        self.features = features
        self.output = nn.HybridSequential()
        self.output.add(nn.Dropout(DROPOUT), nn.Dense(classes, in_units=HEAD))

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the logits."""
        return self.output(self.features(x))


class _Normalization(mx.gluon.HybridBlock):  # type: ignore[misc]
    """Normalizes raw pixels."""

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the normalized pixels."""
        return (x - MEAN) / SPREAD


class _Block(mx.gluon.HybridBlock):  # type: ignore[misc]
    """Expansion, depthwise convolution and linear projection, with a shortcut if shapes fit."""

    def __init__(
        self, in_channels: int, channels: int, expansion: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        self._has_shortcut = stride == 1 and in_channels == channels
        inner = in_channels * expansion
        self.body = nn.HybridSequential()
        if expansion > 1:
            _add_unit(self.body, in_channels, inner)
        _add_unit(self.body, inner, inner, kernel, stride, groups=inner)
        _add_unit(self.body, inner, channels, is_linear=True)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the block's output."""
        return self.body(x) + x if self._has_shortcut else self.body(x)


class _ReLU6(mx.gluon.HybridBlock):  # type: ignore[misc]
    """The ReLU6 of Gluon's model zoo."""

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the activation."""
        return F.clip(x, 0, 6)


def _add_unit(
    block: Any,
    in_channels: int,
    channels: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    is_linear: bool = False,
) -> None:
    """Add a convolution, BatchNorm and, unless it is linear, ReLU6."""
    block.add(
        nn.Conv2D(
            channels, kernel, stride, kernel // 2, groups=groups, use_bias=False,
            in_channels=in_channels,
        ),
        nn.BatchNorm(epsilon=EPSILON, momentum=MOMENTUM, in_channels=channels),
    )  # fmt: skip
    if not is_linear:
        block.add(_ReLU6())

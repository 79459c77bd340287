"""EfficientNet-Lite0: TensorFlow's EfficientNet-B0 for processors without fast swish and scaling.

https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite: ReLU6 in place of
swish, and no squeeze-and-excitation. The layers have the names of the published weights.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.raw_pixels import RawPixels
from include.image_classification.training.networks.same_padding import (
    SameConvolution,
    Size,
    output_size,
)

nn = mx.gluon.nn

PREFIX = "efficientnet_lite0_"
"""The prefix of all parameter names."""

MEAN, SPREAD = 127.0, 128.0
"""The published weights expect pixels of (value - 127) / 128."""

STEM, HEAD = 32, 1280
"""Channels of the first and of the last convolution."""

EPSILON = 1e-3
MOMENTUM = 0.99
"""TensorFlow's values of BatchNorm. The running statistics follow those of a batch slowly: they
keep 37 % of their initial values after 100 steps, and 5 % after 300."""

DROPOUT = 0.2


class Stage(NamedTuple):
    """Consecutive blocks with the same number of output channels."""

    expansion: int
    """Inner channels of a block, as a multiple of its input channels."""
    kernel: int
    stride: int
    """Stride of the first block; the others have stride 1."""
    channels: int
    blocks: int


STAGES = (
    Stage(1, 3, 1, 16, 1),
    Stage(6, 3, 2, 24, 2),
    Stage(6, 5, 2, 40, 2),
    Stage(6, 3, 2, 80, 3),
    Stage(6, 5, 1, 112, 3),
    Stage(6, 5, 2, 192, 4),
    Stage(6, 3, 1, 320, 1),
)


def efficientnet_lite0(classes: int, shape: tuple[int, int, int]) -> Any:
    """Return an uninitialized network from raw pixels to logits.

    Args:
        classes: The number of classes.
        shape: Channels, height and width of the input, on which the padding depends.
    """
    channels = shape[0]
    return RawPixels(EfficientNet(classes, shape), (MEAN,) * channels, (SPREAD,) * channels)


class EfficientNet(mx.gluon.HybridBlock):  # type: ignore[misc]
    """EfficientNet-Lite0 for normalized pixels; returns logits."""

    def __init__(self, classes: int, shape: tuple[int, int, int]) -> None:
        super().__init__(prefix=PREFIX)
        channels, height, width = shape
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            unit = _Unit("conv_stem", "bn0", channels, STEM, (height, width), kernel=3, stride=2)
            self.features.add(unit)
            for number, (stage, stride) in enumerate(_blocks()):
                unit = _Block(f"blocks{number}_", stage, stride, unit.channels, unit.size)
                self.features.add(unit)
            unit = _Unit("conv_head", "bn1", unit.channels, HEAD, unit.size)
            self.features.add(unit, nn.GlobalAvgPool2D(prefix="pool_"), nn.Flatten())
            self.dropout = nn.Dropout(DROPOUT)
            # As in the other networks, the first logits are small.
            normal = mx.init.Normal(0.01)
            self.output = nn.Dense(classes, in_units=HEAD, weight_initializer=normal, prefix="fc_")

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the logits."""
        return self.output(self.dropout(self.features(x)))


def _blocks() -> Iterator[tuple[Stage, int]]:
    """Yield the stage and the stride of each block."""
    for stage in STAGES:
        for number in range(stage.blocks):
            yield stage, stage.stride if number == 0 else 1


class _Block(mx.gluon.HybridBlock):  # type: ignore[misc]
    """MBConv: expansion, depthwise convolution and linear projection.

    The input is added if it has the shape of the output.
    """

    def __init__(
        self, prefix: str, stage: Stage, stride: int, in_channels: int, size: Size
    ) -> None:
        super().__init__(prefix=prefix)
        inner, self.channels = in_channels * stage.expansion, stage.channels
        self._is_residual = stride == 1 and in_channels == self.channels
        with self.name_scope():
            self.body = nn.HybridSequential(prefix="")
            if stage.expansion > 1:
                self.body.add(_Unit("expand_conv", "bn0", in_channels, inner, size))
            depthwise = _Unit(
                "depthwise_conv", "bn1", inner, inner, size, stage.kernel, stride, depthwise=True
            )
            self.size = depthwise.size
            self.body.add(depthwise)
            project = _Unit("project_conv", "bn2", inner, self.channels, self.size, linear=True)
            self.body.add(project)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the block's output."""
        return self.body(x) + x if self._is_residual else self.body(x)


class _Unit(mx.gluon.nn.HybridSequential):  # type: ignore[misc]
    """Convolution, BatchNorm and, unless it is linear, ReLU6."""

    def __init__(
        self,
        convolution: str,
        norm: str,
        in_channels: int,
        channels: int,
        size: Size,
        kernel: int = 1,
        stride: int = 1,
        *,
        depthwise: bool = False,
        linear: bool = False,
    ) -> None:
        super().__init__(prefix="")
        self.channels, self.size = channels, output_size(size, stride)
        # TensorFlow counts one output channel for a depthwise convolution.
        fan_out = kernel**2 * (1 if depthwise else channels)
        normal = mx.init.Normal((2 / fan_out) ** 0.5)
        self.add(
            SameConvolution(
                channels, kernel, stride, size, in_channels, depthwise=depthwise, init=normal,
                prefix=f"{convolution}_",
            ),
            nn.BatchNorm(
                epsilon=EPSILON, momentum=MOMENTUM, in_channels=channels, prefix=f"{norm}_"
            ),
        )  # fmt: skip
        if not linear:
            self.add(_ReLU6(prefix=f"{norm}_"))


class _ReLU6(mx.gluon.HybridBlock):  # type: ignore[misc]
    """ReLU6 of three operators: on one core, training is 1.6 times as fast as with `clip`.

    MXNet's `clip` is not vectorized: it takes more time than all convolutions. The gradient of
    `minimum` would keep the oneDNN layout of the next convolution, which may differ from that of
    BatchNorm's input; then oneDNN has no fast BatchNorm. SwapAxis of an axis with itself changes
    nothing but returns the gradient in MXNet's own layout. `keep_relu6_layout` replaces them for
    training, and `fuse_relu6` restores `clip` for inference.
    """

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the activation."""
        plain = F.SwapAxis(x, dim1=1, dim2=1)
        return F.Activation(F.minimum(plain, 6), act_type="relu", name="relu6")

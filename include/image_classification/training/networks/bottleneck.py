"""torchvision's bottleneck unit for deep post-activation ResNets."""

from typing import Any

from include.image_classification.mxnet_import import mx

nn = mx.gluon.nn


class Bottleneck(mx.gluon.HybridBlock):  # type: ignore[misc]
    """Three convolutions and a shortcut, with the stride in the second convolution.

    Gluon's BottleneckV1 does not fit published weights: it has the stride in the first convolution,
    and biases in two of them.
    """

    def __init__(
        self,
        channels: int,
        stride: int,
        downsample: bool = False,
        in_channels: int = 0,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        inner = channels // 4
        self.body = nn.HybridSequential(prefix="")
        self.body.add(_convolution(inner, 1, 1, in_channels), nn.BatchNorm())
        self.body.add(nn.Activation("relu"))
        self.body.add(_convolution(inner, 3, stride, inner), nn.BatchNorm())
        self.body.add(nn.Activation("relu"))
        self.body.add(_convolution(channels, 1, 1, inner), nn.BatchNorm())
        self.downsample: Any = None
        if downsample:
            self.downsample = nn.HybridSequential(prefix="")
            shortcut = _convolution(channels, 1, stride, in_channels)
            self.downsample.add(shortcut, nn.BatchNorm())

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the unit's output after its last activation."""
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.Activation(self.body(x) + shortcut, act_type="relu")


def _convolution(channels: int, kernel: int, stride: int, in_channels: int) -> Any:
    padding = kernel // 2
    return nn.Conv2D(channels, kernel, stride, padding, use_bias=False, in_channels=in_channels)

"""The unit of the deep post-activation ResNets, as torchvision builds it."""

from typing import Any

from include.image_classification.mxnet_import import mx

nn = mx.gluon.nn


class Bottleneck(mx.gluon.HybridBlock):  # type: ignore[misc]
    """Three convolutions, the narrow one in the middle, around a shortcut.

    Gluon's own BottleneckV1 strides in the first convolution and gives two of them biases;
    torchvision strides in the middle and has no biases, so only this takes published weights.
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
        """Return the unit's answer, its last activation included."""
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.Activation(self.body(x) + shortcut, act_type="relu")


def _convolution(channels: int, kernel: int, stride: int, entering: int) -> Any:
    return nn.Conv2D(channels, kernel, stride, kernel // 2, use_bias=False, in_channels=entering)

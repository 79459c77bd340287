"""Convolution with TensorFlow's SAME padding, which depends on the size of the input."""

from typing import Any

from include.image_classification.mxnet_import import mx

Size = tuple[int, int]
"""Height and width."""


def output_size(size: Size, stride: int) -> Size:
    """Return the height and width of a convolution's output: the input's by stride, rounded up."""
    height, width = size
    return -(-height // stride), -(-width // stride)


class SameConvolution(mx.gluon.HybridBlock):  # type: ignore[misc]
    """A convolution without bias that pads its input with zeros as TensorFlow's SAME does.

    https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2: for a stride of 2, an even
    side gets one row less before the image than after it, and an odd side the same number. MXNet
    pads both ends alike. So the longer padding is used at both ends, and the kernel gets a leading
    row of zeros instead. A padded input would be copied, and oneDNN would convert its layout: with
    fused layers, EfficientNet-Lite0 is 1.6 times as fast this way.

    Args:
        channels: The number of output channels.
        kernel: The kernel's height and width.
        stride: 1 or 2.
        size: The input's height and width.
        in_channels: The number of input channels.
        depthwise: Whether every channel has a kernel of its own; then `channels` is `in_channels`.
        init: The weight's initializer.
        prefix: The prefix of the weight's name.
    """

    def __init__(
        self,
        channels: int,
        kernel: int,
        stride: int,
        size: Size,
        in_channels: int,
        *,
        depthwise: bool = False,
        init: Any = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(prefix=prefix)
        padding = [_padding(side, kernel, stride) for side in size]
        self._extra = [after - before for before, after in padding]
        groups = in_channels if depthwise else 1
        self._convolution = {
            "num_filter": channels,
            "kernel": tuple(kernel + extra for extra in self._extra),
            "stride": (stride, stride),
            "pad": tuple(after for _, after in padding),
            "num_group": groups,
            "no_bias": True,
        }
        with self.name_scope():
            shape = (channels, in_channels // groups, kernel, kernel)
            self.weight = self.params.get("weight", shape=shape, init=init)

    def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
        """Return the convolution's output."""
        if any(self._extra):
            rows, columns = self._extra
            before = (0, 0, 0, 0, rows, 0, columns, 0)
            weight = F.pad(weight, mode="constant", constant_value=0, pad_width=before)
        return F.Convolution(x, weight, name="fwd", **self._convolution)


def _padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the rows of zeros before and after a side of the input."""
    steps = -(-side // stride) - 1
    total = max(steps * stride + kernel - side, 0)
    return total // 2, total - total // 2

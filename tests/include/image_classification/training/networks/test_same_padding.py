"""TensorFlow's SAME padding."""

import numpy as np
import pytest
from numpy.typing import NDArray

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.same_padding import (
    SameConvolution,
    output_size,
)


def expected(
    image: NDArray[np.float32], weight: NDArray[np.float32], stride: int
) -> NDArray[np.float32]:
    """Convolve channel by channel, with the output's pixel i centred as TensorFlow does it."""
    kernel = weight.shape[-1]
    starts = []
    for side in image.shape[1:]:
        steps = -(-side // stride)
        before = max((steps - 1) * stride + kernel - side, 0) // 2
        starts.append([step * stride - before for step in range(steps)])
    padded = np.pad(image, ((0, 0), (kernel, kernel), (kernel, kernel)))
    rows = [
        [
            (padded[:, y + kernel :, x + kernel :][:, :kernel, :kernel] * weight[:, 0]).sum((1, 2))
            for x in starts[1]
        ]
        for y in starts[0]
    ]
    return np.asarray(np.array(rows).transpose(2, 0, 1), np.float32)


@pytest.mark.parametrize("size", [(8, 8), (7, 7), (6, 9), (9, 6), (1, 2)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_the_padding_is_that_of_tensorflow(kernel: int, stride: int, size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    image = random.normal(size=(2, *size)).astype(np.float32)
    layer = SameConvolution(2, kernel, stride, size, 2, depthwise=True)
    layer.initialize(mx.init.Normal(1))
    output = layer(mx.nd.array(image[None])).asnumpy()[0]
    assert output.shape[1:] == output_size(size, stride)
    assert np.allclose(output, expected(image, layer.weight.data().asnumpy(), stride), atol=1e-5)


def test_the_weight_has_the_kernels_shape() -> None:
    """Published weights fit, although the convolution's kernel is larger."""
    layer = SameConvolution(4, 3, 2, (8, 8), 3)
    assert layer.weight.shape == (4, 3, 3, 3)

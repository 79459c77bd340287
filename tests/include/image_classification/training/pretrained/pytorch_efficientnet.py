"""EfficientNet-Lite0 in PyTorch, written from TensorFlow's description of the network.

It shares nothing with the container's network but the published weights. Run as
`python -m <this module> <weights .pth> <output .json>` to record the logits again.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from tests.include.image_classification.training.pretrained.reference_logits import SHAPES, pixels

STRIDE_2 = (1, 3, 5, 11)
"""The blocks that halve the resolution."""


def logits(file: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the published network's logits for raw pixels, NCHW."""
    weights = torch.load(file, map_location="cpu", weights_only=True)

    def unit(x: Any, name: str, norm: str, stride: int = 1, groups: int = 1) -> Any:
        x = same(x, weights[f"{name}.weight"], stride, groups)
        mean, var, gamma, beta = (
            weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return functional.batch_norm(x, mean, var, gamma, beta, training=False, eps=1e-3)

    with torch.no_grad():
        x = (torch.from_numpy(images) - 127) / 128
        x = functional.relu6(unit(x, "_conv_stem", "_bn0", stride=2))
        for number in range(16):
            block, y, stride = f"_blocks.{number}", x, 2 if number in STRIDE_2 else 1
            if f"{block}._expand_conv.weight" in weights:
                y = functional.relu6(unit(y, f"{block}._expand_conv", f"{block}._bn0"))
            y = unit(y, f"{block}._depthwise_conv", f"{block}._bn1", stride, groups=y.shape[1])
            y = unit(functional.relu6(y), f"{block}._project_conv", f"{block}._bn2")
            x = x + y if x.shape == y.shape else y
        x = functional.relu6(unit(x, "_conv_head", "_bn1")).mean((2, 3))
        output = functional.linear(x, weights["_fc.weight"], weights["_fc.bias"])
    return np.asarray(output.numpy())


def same(x: Any, weight: Any, stride: int, groups: int) -> Any:
    """Convolve with TensorFlow's SAME padding: the larger half of it is after the image."""
    padding: list[int] = []
    for side, kernel in zip(x.shape[:1:-1], weight.shape[:1:-1], strict=True):
        output = -(-side // stride)
        total = max((output - 1) * stride + kernel - side, 0)
        padding += [total // 2, total - total // 2]
    return functional.conv2d(functional.pad(x, padding), weight, stride=stride, groups=groups)


def main(arguments: list[str]) -> None:
    """Record the logits for all shapes."""
    weights, output = map(Path, arguments)
    recorded = {
        ",".join(map(str, shape)): [round(float(x), 5) for x in logits(weights, pixels(shape))[0]]
        for shape in SHAPES
    }
    lines = [f'"{shape}": {json.dumps(values)}' for shape, values in recorded.items()]
    output.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

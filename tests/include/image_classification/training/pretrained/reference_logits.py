"""Logits of the published EfficientNet-Lite0, computed without MXNet."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SHAPES = ((3, 224, 224), (3, 161, 200))
"""Even and odd sides: SAME padding differs. 200 is odd after three reductions."""

RECORDED = Path(__file__).with_name("efficientnet_lite0_logits.json")
"""The logits of PyTorch 2.13.0, from pytorch_efficientnet.py."""


def pixels(shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return an image of gradients and rings, as a batch of one: 0..255, NCHW."""
    _, height, width = shape
    rows, columns = np.mgrid[:height, :width]
    rings = (rows - height // 3) ** 2 + (columns - width // 2) ** 2
    channels = [rows * 255 // height, columns * 255 // width, rings // 16 % 256]
    return np.asarray(np.stack(channels)[None], np.float32)


def recorded_logits(shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the logits for `pixels(shape)`."""
    logits = json.loads(RECORDED.read_text("utf-8"))[",".join(map(str, shape))]
    return np.array(logits, np.float32)

"""Quantize a checkpoint to int8, calibrated on images."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from include.image_classification.container import CommandError
from include.image_classification.images.resizing import Image
from include.image_classification.model.inference_graph import inference_graph
from include.image_classification.model.int8_decision import PARAMETERS, SYMBOL
from include.image_classification.mxnet_import import mx
from include.image_classification.quantization.float32_layers import float32_layers

BATCH = 16
INPUT = "data"


class _Images(mx.io.DataIter):  # type: ignore[misc]
    """Complete batches, the last one filled up with the first images.

    There are no labels, with which MXNet's calibration fails.
    """

    def __init__(self, images: Sequence[Image]) -> None:
        super().__init__(BATCH)
        self._images, self._next_image = images, 0
        height, width, channels = images[0].shape
        self.provide_data = [mx.io.DataDesc(INPUT, (BATCH, channels, height, width))]
        self.provide_label: list[Any] = []

    def reset(self) -> None:
        """Start again with the first batch."""
        self._next_image = 0

    def next(self) -> Any:
        """Return the next batch."""
        if self._next_image >= len(self._images):
            raise StopIteration
        indices = range(self._next_image, self._next_image + BATCH)
        rows = np.stack([self._images[index % len(self._images)] for index in indices])
        self._next_image += BATCH
        data = mx.nd.array(rows.transpose(0, 3, 1, 2).astype(np.float32))
        return mx.io.DataBatch([data], [], pad=0)


def write_int8(checkpoint: tuple[Path, int], images: Sequence[Image], folder: Path) -> None:
    """Write the int8 form of a checkpoint into a folder.

    Args:
        checkpoint: Prefix and epoch of a network that ends in a SoftmaxOutput.
        images: At least one image of the network's shape, to measure the ranges of all layers.
        folder: The folder for `int8_decision.FILES`.

    Raises:
        CommandError: The network does not end in a SoftmaxOutput.
    """
    symbol, arguments, states = mx.model.load_checkpoint(str(checkpoint[0]), checkpoint[1])
    nodes = json.loads(symbol.tojson())["nodes"]
    if nodes[-1]["op"] != "SoftmaxOutput":
        raise CommandError(
            f"{checkpoint[0]} does not end in a SoftmaxOutput: only such networks are quantized"
        )
    logits, arguments = inference_graph(symbol.get_children()[0], arguments)
    logits, arguments, states = mx.contrib.quantization.quantize_model_mkldnn(
        logits,
        arguments,
        states,
        label_names=None,
        excluded_sym_names=list(float32_layers(nodes)),
        calib_mode="naive",
        calib_data=_Images(images),
        quantized_dtype="auto",
        quantize_mode="smart",
    )
    mx.sym.SoftmaxOutput(logits, name="softmax").save(str(folder / SYMBOL))
    values = {f"arg:{name}": array for name, array in arguments.items()}
    values |= {f"aux:{name}": array for name, array in states.items()}
    mx.nd.save(str(folder / PARAMETERS), values)

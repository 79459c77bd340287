"""An int8 form of a checkpoint, calibrated on images."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from include.image_classification.container import ProgramError
from include.image_classification.images.resizing import Image
from include.image_classification.model.int8_decision import PARAMETERS, SYMBOL
from include.image_classification.mxnet_import import mx

BATCH = 16
INPUT = "data"


class _Images(mx.io.DataIter):  # type: ignore[misc]
    """Whole batches, the last filled up with the first images; MXNet fails where it has labels."""

    def __init__(self, images: Sequence[Image]) -> None:
        super().__init__(BATCH)
        self._images, self._at = images, 0
        height, width, channels = images[0].shape
        self.provide_data = [mx.io.DataDesc(INPUT, (BATCH, channels, height, width))]
        self.provide_label: list[Any] = []

    def reset(self) -> None:
        """Start again."""
        self._at = 0

    def next(self) -> Any:
        """The next batch."""
        if self._at >= len(self._images):
            raise StopIteration
        numbers = range(self._at, self._at + BATCH)
        rows = np.stack([self._images[number % len(self._images)] for number in numbers])
        self._at += BATCH
        data = mx.nd.array(rows.transpose(0, 3, 1, 2).astype(np.float32))
        return mx.io.DataBatch([data], [], pad=0)


def write_int8(checkpoint: tuple[Path, int], images: Sequence[Image], folder: Path) -> None:
    """Write the int8 form of a checkpoint (prefix and epoch) into a folder.

    Args:
        checkpoint: Ends in a SoftmaxOutput, as the built-in algorithm's do.
        images: At least one, of the network's shape. The ranges of all layers are measured on them.
        folder: Where `decision.FILES` are written.

    Raises:
        ProgramError: the network has another head.
    """
    symbol, arguments, states = mx.model.load_checkpoint(str(checkpoint[0]), checkpoint[1])
    nodes = json.loads(symbol.tojson())["nodes"]
    if nodes[-1]["op"] != "SoftmaxOutput":
        raise ProgramError(f"{checkpoint[0]} has no SoftmaxOutput, and only such are quantised")
    logits, arguments, states = mx.contrib.quantization.quantize_model_mkldnn(
        symbol.get_children()[0],
        arguments,
        states,
        label_names=None,
        excluded_sym_names=[node["name"] for node in nodes if _is_global_pooling(node)],
        calib_mode="naive",
        calib_data=_Images(images),
        quantized_dtype="auto",
        quantize_mode="smart",
    )
    answers = mx.sym.SoftmaxOutput(logits, name="softmax")
    answers.save(str(folder / SYMBOL))
    kinds = {"arg": arguments, "aux": states}
    values = {f"{kind}:{name}": each for kind in kinds for name, each in kinds[kind].items()}
    mx.nd.save(str(folder / PARAMETERS), values)


def _is_global_pooling(node: Mapping[str, Any]) -> bool:
    # Its int8 form minds the kernel that a global pooling names in vain: 7 x 7 in small networks
    # fails. It has little to compute.
    return node.get("attrs", {}).get("global_pool") in ("True", "1")

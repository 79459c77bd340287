"""A loaded checkpoint that computes batches of a few fixed sizes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.images.resizing import Image
from include.image_classification.model.inference_graph import inference_graph
from include.image_classification.model.model_files import SHAPES
from include.image_classification.mxnet_import import mx

SIZES = (1, 4, 8)
"""Batch sizes. MXNet's memory grows with each new shape, so there are few of them. Larger batches
are not faster per image, and leave the processor idle while many responses are sent."""

MIN_FILL = 0.75
"""A batch with at least this share of images is faster than two smaller batches."""


class Network:
    """A checkpoint, bound to `SIZES` with shared parameters. Not safe to use from two threads."""

    def __init__(self, prefix: Path, epoch: int, shape: tuple[int, int, int]) -> None:
        """Load `<prefix>-symbol.json` and `<prefix>-<epoch>.params`.

        Raises:
            CommandError: A file is missing or damaged, or lacks parameters.
        """
        self.shape = shape
        try:
            loaded = mx.model.load_checkpoint(str(prefix), epoch)
            symbol, arguments, states = _in_float32(*loaded)
            self._bound = _bind(*inference_graph(symbol, arguments), states, shape)
        except (mx.MXNetError, ValueError, OSError) as error:
            reason = (str(error).strip() or "unreadable").splitlines()[-1]
            raise CommandError(f"the model {prefix} cannot be loaded: {reason}") from error
        # The first batch of each size allocates memory, so it is computed before any request.
        outputs = [self.probabilities([_black(shape)] * size) for size in SIZES]
        self.classes = outputs[0].shape[1]

    def probabilities(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Return images x classes for images of the network's shape, at most the largest size."""
        size = next(size for size in SIZES if size >= len(images))
        data, executor = self._bound[size]
        batch = np.zeros((size, *self.shape), np.float32)
        for row, image in zip(batch, images, strict=False):
            row[...] = image.transpose(2, 0, 1)
        data[:] = batch
        outputs = executor.forward(is_train=False)[0].asnumpy()
        return np.asarray(outputs[: len(images)], np.float32)


def input_shape(folder: Path) -> tuple[int, int, int]:
    """Return channels, height and width of the input of the model in a folder.

    Raises:
        CommandError: model-shapes.json is missing or damaged.
    """
    path = folder / SHAPES
    try:
        shapes = {entry["name"]: entry["shape"] for entry in json.loads(path.read_text("utf-8"))}
        _, channels, height, width = shapes["data"]
    except FileNotFoundError:
        raise CommandError(
            f"{path} is missing, so {folder} is not an unpacked model.tar.gz of this algorithm"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{path} lacks the shape of `data`: [1, C, H, W]") from None
    return int(channels), int(height), int(width)


def next_batch(waiting: int) -> int:
    """Return the size of the next batch for a number of waiting images."""
    size = next((size for size in SIZES if size >= waiting), SIZES[-1])
    if waiting >= size * MIN_FILL:
        return min(waiting, size)
    return max(smaller for smaller in SIZES if smaller <= waiting)


def _in_float32(
    symbol: Any, arguments: Mapping[str, Any], states: Mapping[str, Any]
) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Convert a float16 checkpoint to float32, since MXNet has no float16 on processors."""
    text = symbol.tojson().replace('"dtype": "float16"', '"dtype": "float32"')
    return mx.sym.load_json(text), _to_float32(arguments), _to_float32(states)


def _to_float32(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.astype(np.float32) if value.dtype == np.float16 else value
        for name, value in values.items()
    }


def _bind(
    symbol: Any,
    arguments: Mapping[str, Any],
    states: Mapping[str, Any],
    shape: tuple[int, int, int],
) -> dict[int, tuple[Any, Any]]:
    bound: dict[int, tuple[Any, Any]] = {}
    largest = None
    for size in reversed(SIZES):
        inputs = _inputs(symbol, {**arguments, **states}, (size, *shape))
        values = {**arguments, **inputs}
        bindings = {name: values[name] for name in symbol.list_arguments()}
        executor = symbol.bind(
            mx.cpu(), bindings, grad_req="null", aux_states=dict(states), shared_exec=largest
        )
        largest = largest or executor
        bound[size] = (inputs["data"], executor)
    return bound


def _inputs(symbol: Any, known: Mapping[str, Any], data: tuple[int, ...]) -> dict[str, Any]:
    """Return arrays for the data, and for the labels that a training symbol needs."""
    names = symbol.list_arguments()
    missing = [name for name in names + symbol.list_auxiliary_states() if name not in known]
    absent = [name for name in missing if name != "data" and not name.endswith("_label")]
    if absent or "data" not in missing:
        raise ValueError(f"no parameters for {', '.join(absent) or 'an input named data'}")
    shapes = dict(zip(names, symbol.infer_shape(data=data)[0], strict=True))
    return {name: mx.nd.zeros(shapes[name]) for name in missing}


def _black(shape: tuple[int, int, int]) -> Image:
    return np.zeros((*shape[1:], shape[0]), np.uint8)

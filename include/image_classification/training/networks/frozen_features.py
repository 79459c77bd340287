"""Features of a network's frozen layers, computed by fused layers."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.model.inference_graph import inference_graph
from include.image_classification.model.relu6 import fuse_relu6
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.split import INPUT, split_symbol

BATCH = 32


class FrozenFeatures:
    """Computes the output of the layers that a fine-tuning does not train, in inference mode.

    BatchNorm uses its statistics, and there is no dropout. oneDNN computes each convolution with
    BatchNorm, activation and shortcut as one layer: EfficientNet-Lite0 is four to five times as
    fast as in Gluon, at 128 and at 224 pixels. The weights are copied at construction. Not safe to
    use from two threads.

    Args:
        network: A network from `make_network`.
        trained: The names of the parameters that will be trained; see `part_parameters`.
        shape: Channels, height and width of the images, for which the network was made.
        batch: The number of images that are computed at once.
        devices: The devices, each of which computes a part of the images.

    Raises:
        ValueError: No layer is frozen.
    """

    def __init__(
        self,
        network: Any,
        trained: Collection[str],
        shape: tuple[int, int, int],
        batch: int = BATCH,
        devices: Sequence[Any] = (mx.cpu(),),
    ) -> None:
        frozen, _ = split_symbol(network(mx.sym.var(INPUT)), trained)
        # Inference changes the layout of weights, so the network keeps its own.
        values = {name: value.data().copy() for name, value in network.collect_params().items()}
        symbol, values = inference_graph(fuse_relu6(frozen), values)
        rows = -(-batch // len(devices))
        fused = symbol.optimize_for("MKLDNN")
        self._executors = [
            _bind(fused, values | {INPUT: mx.nd.zeros((rows, *shape))}, device)
            for device in devices
        ]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image's features."""
        return tuple(self._executors[0].outputs[0].shape[1:])

    def __call__(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features of raw pixels 0..255: images x `shape`.

        Args:
            pixels: NCHW, any number of images.
        """
        features = np.empty((len(pixels), *self.shape), np.float32)
        size = len(self._executors[0].arg_dict[INPUT])
        for start in range(0, len(pixels), size * len(self._executors)):
            parts = [
                (executor, slice(begin, min(begin + size, len(pixels))))
                for executor, begin in zip(self._executors, itertools.count(start, size))
                if begin < len(pixels)
            ]
            # All images first: MXNet copies none while the first device computes.
            for executor, rows in parts:
                _set_images(executor, pixels[rows])
            outputs = [executor.forward(is_train=False)[0] for executor, _ in parts]
            for (_, rows), output in zip(parts, outputs, strict=True):
                features[rows] = output[: rows.stop - rows.start].asnumpy()
        return features


def _bind(symbol: Any, values: Mapping[str, Any], device: Any) -> Any:
    """Return an executor on a device, with its own copy of the values."""
    arguments, states = (
        {name: values[name].copyto(device) for name in names}
        for names in (symbol.list_arguments(), symbol.list_auxiliary_states())
    )
    return symbol.bind(device, arguments, grad_req="null", aux_states=states)


def _set_images(executor: Any, pixels: NDArray[Any]) -> None:
    """Set the first rows of an executor's input."""
    data = executor.arg_dict[INPUT]
    images = mx.nd.array(np.ascontiguousarray(pixels), ctx=data.ctx, dtype=pixels.dtype)
    data[: len(pixels)] = images.astype("float32")

"""Features of a network's frozen layers, computed by fused layers."""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.model.inference_graph import inference_graph
from include.image_classification.model.relu6 import fuse_relu6
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.split import FEATURES, INPUT, split_symbol

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

    Raises:
        ValueError: No layer is frozen.
    """

    def __init__(
        self,
        network: Any,
        trained: Collection[str],
        shape: tuple[int, int, int],
        batch: int = BATCH,
    ) -> None:
        frozen, self._rest = split_symbol(network(mx.sym.var(INPUT)), trained)
        (self.frozen_output,) = frozen.list_outputs()
        self._parameters = network.collect_params()
        # Inference changes the layout of weights, so the network keeps its own.
        values = {name: value.data().copy() for name, value in self._parameters.items()}
        symbol, values = inference_graph(fuse_relu6(frozen), values)
        self._data = mx.nd.zeros((batch, *shape))
        values[INPUT] = self._data
        self._executor = symbol.optimize_for("MKLDNN").bind(
            mx.cpu(),
            {name: values[name] for name in symbol.list_arguments()},
            grad_req="null",
            aux_states={name: values[name] for name in symbol.list_auxiliary_states()},
        )

    frozen_output: str
    """The name of the last frozen layer's output in the network's symbol."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image's features."""
        return tuple(self._executor.outputs[0].shape[1:])

    def __call__(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features of raw pixels 0..255: images x `shape`.

        Args:
            pixels: NCHW, any number of images.
        """
        features = np.empty((len(pixels), *self.shape), np.float32)
        size = len(self._data)
        for start in range(0, len(pixels), size):
            chunk = pixels[start : start + size]
            self._data[: len(chunk)] = mx.nd.array(chunk, dtype=chunk.dtype).astype("float32")
            output = self._executor.forward(is_train=False)[0]
            features[start : start + size] = output[: len(chunk)].asnumpy()
        return features

    def make_rest(self) -> Any:
        """Return a block from features to logits that shares the network's parameters."""
        return mx.gluon.SymbolBlock(
            self._rest, mx.sym.var(FEATURES, dtype="float32"), params=self._parameters
        )

"""torchvision's parameter names for the networks of its family."""

from collections.abc import Iterator
from typing import Any

from include.image_classification.mxnet_import import mx

nn = mx.gluon.nn

LAYER_ATTRIBUTES = {
    nn.Conv2D: {"weight": "weight"},
    nn.Dense: {"weight": "weight", "bias": "bias"},
    nn.BatchNorm: {
        "gamma": "weight",
        "beta": "bias",
        "running_mean": "running_mean",
        "running_var": "running_var",
    },
}
"""For each kind of layer, Gluon's attribute names and torchvision's."""

LAST_LAYER = "fc"
BATCH_COUNTER = "num_batches_tracked"
"""An entry of torchvision's files that is not a weight."""


def torchvision_names(network: Any) -> dict[str, str]:
    """Return a mapping from the network's parameter names to torchvision's."""
    return {
        getattr(layer, attribute).name: f"{name}.{torchvision_attribute}"
        for name, layer in _layers(network.network)
        for attribute, torchvision_attribute in LAYER_ATTRIBUTES[type(layer)].items()
    }


def _layers(resnet: Any) -> Iterator[tuple[str, Any]]:
    stem = [layer for layer in resnet.features if type(layer) in LAYER_ATTRIBUTES]
    yield from _numbered("", stem)
    stages = [layer for layer in resnet.features if isinstance(layer, nn.HybridSequential)]
    for number, stage in enumerate(stages, 1):
        for index, block in enumerate(stage):
            yield from _block(f"layer{number}.{index}", block)
    yield LAST_LAYER, resnet.output


def _block(name: str, block: Any) -> Iterator[tuple[str, Any]]:
    yield from _numbered(
        f"{name}.", [layer for layer in block.body if type(layer) in LAYER_ATTRIBUTES]
    )
    if block.downsample is not None:
        for index, layer in enumerate(block.downsample):
            yield f"{name}.downsample.{index}", layer


def _numbered(prefix: str, layers: list[Any]) -> Iterator[tuple[str, Any]]:
    """Name convolutions conv1, conv2, ... and the normalizations after them bn1, bn2, ..."""
    count = 0
    for layer in layers:
        count += isinstance(layer, nn.Conv2D)
        yield f"{prefix}{'conv' if isinstance(layer, nn.Conv2D) else 'bn'}{count}", layer

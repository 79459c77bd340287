"""What torchvision calls the layers of our networks of its family."""

from collections.abc import Iterator
from typing import Any

from include.image_classification.mxnet_import import mx

nn = mx.gluon.nn

OURS = {
    nn.Conv2D: {"weight": "weight"},
    nn.Dense: {"weight": "weight", "bias": "bias"},
    nn.BatchNorm: {
        "gamma": "weight",
        "beta": "bias",
        "running_mean": "running_mean",
        "running_var": "running_var",
    },
}
"""The attributes of each kind of layer here, and there."""

LAST_LAYER = "fc"
COUNTER = "num_batches_tracked"
"""In torchvision's files, but no weight."""


def torchvision_names(network: Any) -> dict[str, str]:
    """Return torchvision's name for each parameter of a network of its family, by ours."""
    return {
        getattr(layer, ours).name: f"{name}.{theirs}"
        for name, layer in _layers(network.network)
        for ours, theirs in OURS[type(layer)].items()
    }


def _layers(resnet: Any) -> Iterator[tuple[str, Any]]:
    stem = [layer for layer in resnet.features if type(layer) in OURS]
    yield from _numbered("", stem)
    stages = [each for each in resnet.features if isinstance(each, nn.HybridSequential)]
    for number, stage in enumerate(stages, 1):
        for index, block in enumerate(stage):
            yield from _block(f"layer{number}.{index}", block)
    yield LAST_LAYER, resnet.output


def _block(name: str, block: Any) -> Iterator[tuple[str, Any]]:
    yield from _numbered(f"{name}.", [layer for layer in block.body if type(layer) in OURS])
    if block.downsample is not None:
        for index, layer in enumerate(block.downsample):
            yield f"{name}.downsample.{index}", layer


def _numbered(start: str, layers: list[Any]) -> Iterator[tuple[str, Any]]:
    """Name convolutions conv1, conv2, ... and the normalisations after them bn1, bn2, ..."""
    count = 0
    for layer in layers:
        count += isinstance(layer, nn.Conv2D)
        yield f"{start}{'conv' if isinstance(layer, nn.Conv2D) else 'bn'}{count}", layer

"""Networks for raw pixels, by family and number of layers."""

from typing import Any

from include.contracts.networks import SMALL_SIDE
from include.image_classification.mxnet_import import mx
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.networks.efficientnet import efficientnet_lite0
from include.image_classification.training.networks.postactivation import postactivation_network
from include.image_classification.training.networks.preactivation import (
    ResNetSpec,
    preactivation_network,
)
from include.image_classification.training.networks.shared import shared_block

PHOTO_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}


def make_network(
    layers: int, classes: int, shape: tuple[int, int, int], family: str = "torchvision"
) -> Any:
    """Return an initialized network that returns logits for raw pixels.

    Args:
        layers: The depth of a ResNet: 18, 34, 50, 101, 152 or 200 for photos; 20, 32, 44, 56 or 110
            for thumbnails, with three stages of 16 to 64 channels. Other networks ignore it.
        classes: The number of classes.
        shape: Channels, height and width of the input.
        family: The hyperparameter `network`: `torchvision` (post-activation ResNets; published
            ImageNet weights fit), `mxnet` (pre-activation ResNets; the parameter names of MXNet's
            example) or `efficientnet_lite0` (published ImageNet weights fit).
    """
    network = _make_block(layers, classes, shape, family)
    network.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="out", magnitude=2))
    if _has_unknown_shapes(network):
        network(mx.nd.zeros((1, *shape)))  # Gluon infers the shapes of the parameters
    network.hybridize(static_alloc=True, static_shape=True)
    return network


def at_shape(network: Any, settings: Hyperparameters, shape: tuple[int, int, int]) -> Any:
    """Return a block of the same network for images of another shape, with shared parameters."""
    layers, classes, family = settings.num_layers, settings.num_classes, settings.network
    other = _make_block(layers, classes, shape, family)
    return shared_block(other(mx.sym.var("data")), "data", network)


def _has_unknown_shapes(network: Any) -> bool:
    """Return whether parameters have no shape yet.

    If none has, the network must not compute: inference gives the weights of depthwise convolutions
    a oneDNN layout from which MXNet cannot cast them to bfloat16.
    """
    shapes = [parameter.shape for parameter in network.collect_params().values()]
    return any(shape is None or 0 in shape for shape in shapes)


def _make_block(layers: int, classes: int, shape: tuple[int, int, int], family: str) -> Any:
    if family == "efficientnet_lite0":
        return efficientnet_lite0(classes, shape)
    spec = _spec(layers, shape)
    if family == "mxnet":
        return preactivation_network(spec, classes)
    return postactivation_network(spec, classes, shape[0])


def _spec(layers: int, shape: tuple[int, int, int]) -> ResNetSpec:
    if layers not in PHOTO_STAGES:
        return ResNetSpec([(layers - 2) // 6] * 3, [16, 16, 32, 64], bottleneck=False, small=True)
    bottleneck = layers >= 50
    filters = [64, 256, 512, 1024, 2048] if bottleneck else [64, 64, 128, 256, 512]
    small = min(shape[1:]) <= SMALL_SIDE
    return ResNetSpec(PHOTO_STAGES[layers], filters, bottleneck, small)

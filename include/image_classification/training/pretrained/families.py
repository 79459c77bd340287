"""The families of networks: recognized by a network, or by the names of its weights."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from include.image_classification.training.networks import efficientnet, postactivation
from include.image_classification.training.networks.raw_pixels import RawPixels
from include.image_classification.training.pretrained.efficientnet_names import efficientnet_names
from include.image_classification.training.pretrained.torchvision_names import torchvision_names


@dataclass(frozen=True)
class Family:
    """A value of the hyperparameter `network`, and the names of its weights."""

    network: str
    layers: str
    """What its weights are called in messages."""
    settings: str
    """The hyperparameters that determine the layers, for messages."""
    own_names: tuple[str, ...]
    """Prefixes of which one starts a name in every model of this image."""
    published_names: tuple[str, ...] = ()
    """Prefixes of which one starts a name in every published file with other names."""
    to_published: Callable[[Any], dict[str, str]] = lambda network: {}
    """Maps a network's parameter names to the published names."""

    def names_for(self, network: Any, weights: Collection[str]) -> Mapping[str, str]:
        """Return the weights' name for each of the network's parameters that has another name."""
        return self.to_published(network) if _has(weights, self.published_names) else {}


RESNET_SETTINGS = "num_layers and image_shape"
FAMILIES = (
    Family(
        "torchvision", "torchvision's layers", RESNET_SETTINGS,
        (postactivation.PREFIX,), ("conv1.weight", "layer1."), torchvision_names,
    ),
    Family("mxnet", "the layers of MXNet's example", RESNET_SETTINGS, ("bn_data_gamma",)),
    Family(
        "efficientnet_lite0", "the layers of EfficientNet-Lite0",
        "network efficientnet_lite0 and the channels of image_shape",
        (efficientnet.PREFIX,), ("_conv_stem.", "_blocks.0."), efficientnet_names,
    ),
)  # fmt: skip


def family_of_network(network: Any) -> Family:
    """Return the family of a network from `make_network`."""
    if not isinstance(network, RawPixels):
        return _family("mxnet")
    is_efficientnet = isinstance(network.network, efficientnet.EfficientNet)
    return _family("efficientnet_lite0" if is_efficientnet else "torchvision")


def family_of_weights(weights: Collection[str]) -> Family | None:
    """Return the family that weights with these names belong to; None if it is unknown."""
    matches = (
        family for family in FAMILIES if _has(weights, (*family.own_names, *family.published_names))
    )
    return next(matches, None)


def _family(network: str) -> Family:
    return next(family for family in FAMILIES if family.network == network)


def _has(names: Collection[str], prefixes: tuple[str, ...]) -> bool:
    return any(name.startswith(prefixes) for name in names)

"""Copy weights into a network, layer by layer, matched by name and shape."""

from collections.abc import Collection, Mapping
from typing import Any

from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import RawPixels
from include.image_classification.training.pretrained.torchvision_names import (
    BATCH_COUNTER,
    torchvision_names,
)

Weights = Mapping[str, NDArray[Any]]

MAX_LISTED = 3
"""How many layers an error lists for each kind of mismatch."""


def is_torchvision(weights: Collection[str]) -> bool:
    """Return whether the names are those of torchvision's state dictionaries."""
    return "conv1.weight" in weights or any(name.startswith("layer1.") for name in weights)


def copy_weights(network: Any, weights: Weights, source: str, *, last_layer: bool) -> None:
    """Copy weights into a network. Nothing is changed unless all layers fit.

    Args:
        network: A network from `make_network`.
        weights: Arrays by torchvision's names, or by the network's own names.
        source: The origin of the weights, for error messages.
        last_layer: Whether to overwrite the last layer, too.

    Raises:
        CommandError: Layers are missing, unexpected, or have another shape. The message lists them.
    """
    names = torchvision_names(network) if _uses_torchvision(network, weights, source) else {}
    kept = set() if last_layer else _last_layer(network)
    parameters = network.collect_params()
    targets = {names.get(name, name): parameters[name] for name in _trainable(parameters)}
    required = {name: target for name, target in targets.items() if target.name not in kept}
    known = {*targets, *parameters}
    _check_layers(required, weights, known, source)
    for name, parameter in required.items():
        parameter.set_data(mx.nd.array(weights[name], dtype="float32"))


def _uses_torchvision(network: Any, weights: Weights, source: str) -> bool:
    """Return whether the weights have torchvision's names.

    Raises:
        CommandError: The weights and the network belong to different families.
    """
    is_network, are_weights = isinstance(network, RawPixels), is_torchvision(weights)
    if are_weights and not is_network:
        raise CommandError(f"{source} has torchvision's layers: train with network torchvision")
    if is_network and "bn_data_gamma" in weights:
        raise CommandError(f"{source} has the layers of MXNet's example: train with network mxnet")
    return are_weights


def _trainable(parameters: Any) -> list[str]:
    constant = mx.gluon.parameter.Constant
    return [name for name, value in parameters.items() if not isinstance(value, constant)]


def _last_layer(network: Any) -> set[str]:
    parameters = network.collect_params()
    (weight,) = [name for name, value in parameters.items() if len(value.shape) == 2]
    return {weight, weight.removesuffix("weight") + "bias"}


def _check_layers(
    required: Mapping[str, Any], weights: Weights, known: Collection[str], source: str
) -> None:
    missing = [name for name in required if name not in weights]
    unexpected = [
        name for name in weights if name not in known and not name.endswith(BATCH_COUNTER)
    ]
    shapes = [
        f"{name} ({_shape(weights[name].shape)} instead of {_shape(parameter.shape)})"
        for name, parameter in required.items()
        if name in weights and weights[name].shape != tuple(parameter.shape)
    ]
    problems = [
        f"{title}: {_shorten(names)}"
        for title, names in [
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", shapes),
        ]
        if names
    ]
    if problems:
        raise CommandError(
            f"the layers of {source} do not fit num_layers and image_shape: {'; '.join(problems)}"
        )


def _shorten(names: list[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a scalar"

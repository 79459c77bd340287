"""Weights into a network, layer by layer, by name and shape."""

from collections.abc import Collection, Mapping
from typing import Any

from numpy.typing import NDArray

from include.image_classification.container import ProgramError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import RawPixels
from include.image_classification.training.pretrained.torchvision_names import (
    COUNTER,
    torchvision_names,
)

Weights = Mapping[str, NDArray[Any]]

NAMED = 3
"""How many layers of each kind of mistake an error names."""


def is_torchvision(weights: Collection[str]) -> bool:
    """Whether the names are those of torchvision's state dictionaries."""
    return "conv1.weight" in weights or any(name.startswith("layer1.") for name in weights)


def transplant(network: Any, weights: Weights, source: str, *, last_layer: bool) -> None:
    """Give a network's layers these weights; either all fit, or nothing is changed.

    Args:
        network: What `make_network` returns.
        weights: By torchvision's names, or by the network's own.
        source: Where they are from, for errors.
        last_layer: Whether the last layer takes its weights, too; else it stays as it is.

    Raises:
        ProgramError: It lists the layers that are missing, unexpected, or of another shape.
    """
    theirs = torchvision_names(network) if _fits_names(network, weights, source) else {}
    kept = set() if last_layer else _last_layer(network)
    parameters = network.collect_params()
    targets = {theirs.get(name, name): parameters[name] for name in _trained(parameters)}
    wanted = {name: parameter for name, parameter in targets.items() if parameter.name not in kept}
    known = {*targets, *parameters}
    _check(wanted, weights, known, source)
    for name, parameter in wanted.items():
        parameter.set_data(mx.nd.array(weights[name], dtype="float32"))


def _fits_names(network: Any, weights: Weights, source: str) -> bool:
    ours, published = isinstance(network, RawPixels), is_torchvision(weights)
    if published and not ours:
        raise ProgramError(f"{source} has torchvision's layers: train with network torchvision")
    if ours and "bn_data_gamma" in weights:
        raise ProgramError(f"{source} has the layers of MXNet's example: train with network mxnet")
    return published


def _trained(parameters: Any) -> list[str]:
    constant = mx.gluon.parameter.Constant
    return [name for name, each in parameters.items() if not isinstance(each, constant)]


def _last_layer(network: Any) -> set[str]:
    parameters = network.collect_params()
    (weight,) = [name for name, each in parameters.items() if len(each.shape) == 2]
    return {weight, weight.removesuffix("weight") + "bias"}


def _check(
    wanted: Mapping[str, Any], weights: Weights, known: Collection[str], source: str
) -> None:
    missing = [name for name in wanted if name not in weights]
    unexpected = [name for name in weights if name not in known and not name.endswith(COUNTER)]
    shapes = [
        f"{name} ({_shape(weights[name].shape)} instead of {_shape(parameter.shape)})"
        for name, parameter in wanted.items()
        if name in weights and weights[name].shape != tuple(parameter.shape)
    ]
    problems = [
        f"{title}: {_some(names)}"
        for title, names in [
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", shapes),
        ]
        if names
    ]
    if problems:
        raise ProgramError(
            f"the layers of {source} do not fit num_layers and image_shape: {'; '.join(problems)}"
        )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a number"

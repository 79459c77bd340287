"""Copy weights into a network, layer by layer, matched by name and shape."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.pretrained.families import (
    Family,
    family_of_network,
    family_of_weights,
)
from include.image_classification.training.pretrained.torchvision_names import BATCH_COUNTER

Weights = Mapping[str, NDArray[Any]]

MAX_LISTED = 3
"""How many layers an error lists for each kind of mismatch."""


def copy_weights(network: Any, weights: Weights, source: str, *, last_layer: bool) -> None:
    """Copy weights into a network. Nothing is changed unless all layers fit.

    Args:
        network: A network from `make_network`.
        weights: Arrays by the published names of the network's family, or by the network's own.
        source: The origin of the weights, for error messages.
        last_layer: Whether to overwrite the last layer, too.

    Raises:
        CommandError: The weights belong to another family of networks, which is named; or layers
            are missing, unexpected, not finite, or have another shape. The message lists them.
    """
    family = family_of_network(network)
    _check_family(family, weights, source)
    names = family.names_for(network, weights)
    kept = set() if last_layer else _last_layer(network)
    parameters = network.collect_params()
    targets = {names.get(name, name): parameters[name] for name in _trainable(parameters)}
    required = {name: target for name, target in targets.items() if target.name not in kept}
    known = {*targets, *parameters}
    _check_layers(required, weights, known, f"{source} do not fit {family.settings}")
    _check_finite({name: weights[name] for name in required}, source)
    for name, parameter in required.items():
        parameter.set_data(mx.nd.array(weights[name], dtype="float32"))


def _check_family(family: Family, weights: Weights, source: str) -> None:
    found = family_of_weights(weights)
    if found is not None and found != family:
        raise CommandError(f"{source} has {found.layers}: train with network {found.network}")


def _trainable(parameters: Any) -> list[str]:
    constant = mx.gluon.parameter.Constant
    return [name for name, value in parameters.items() if not isinstance(value, constant)]


def _last_layer(network: Any) -> set[str]:
    parameters = network.collect_params()
    (weight,) = [name for name, value in parameters.items() if len(value.shape) == 2]
    return {weight, weight.removesuffix("weight") + "bias"}


def _check_layers(
    required: Mapping[str, Any], weights: Weights, known: Collection[str], mismatch: str
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
        raise CommandError(f"the layers of {mismatch}: {'; '.join(problems)}")


def _check_finite(weights: Weights, source: str) -> None:
    damaged = [name for name, values in weights.items() if not np.isfinite(values).all()]
    if damaged:
        raise CommandError(
            f"{source} has weights that are not finite, in {_shorten(damaged)}: export them again; "
            "numbers above 65504 become infinite in float16"
        )


def _shorten(names: list[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a scalar"

"""Incremental training: load the model of an earlier job from the channel `model`."""

import logging
from pathlib import Path
from typing import Any

from include.contracts.networks import RESNETS
from include.image_classification.container import CommandError
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.pretrained.copy_weights import Weights, copy_weights
from include.image_classification.training.pretrained.families import family_of_weights
from include.image_classification.training.pretrained.model_archive import unpacked_model
from include.image_classification.training.pretrained.reading import read_params

_log = logging.getLogger(__name__)


def load_model_channel(folder: Path, settings: Hyperparameters, network: Any) -> None:
    """Load all weights of the model in the channel's folder into the network.

    The folder holds either a model.tar.gz or its unpacked files.

    Raises:
        CommandError: There is no model, it is damaged, or it has another network, num_layers,
            image_shape or num_classes. The message names each difference.
    """
    with unpacked_model(_find_archive(folder) or _find_unpacked(folder)) as model:
        weights = read_params(model.parameters)
        _check_same_network(settings, weights, model.shape)
        copy_weights(network, weights, "the channel model", last_layer=True)
        _log.info("Starting from %s of the channel model", model.parameters.name)


def _find_archive(folder: Path) -> Path | None:
    archives = [
        path for path in sorted(folder.rglob("*")) if path.name.endswith((".tar.gz", ".tgz"))
    ]
    if len(archives) > 1:
        names = ", ".join(path.name for path in archives)
        raise CommandError(f"channel model must hold one model.tar.gz, but holds {names}")
    return archives[0] if archives else None


def _find_unpacked(folder: Path) -> Path:
    parameters = next(iter(sorted(folder.rglob("*.params"))), None)
    if parameters is None:
        raise CommandError(
            "channel model must hold the model.tar.gz of an earlier training job, or its unpacked "
            "files, but holds neither: correct the channel's S3 URI"
        )
    return parameters.parent


def _check_same_network(
    settings: Hyperparameters, weights: Weights, shape: tuple[int, int, int]
) -> None:
    pairs = [
        *_networks(settings, weights),
        ("image_shape", _join(settings.image_shape), _join(shape)),
        ("num_classes", settings.num_classes, _count_classes(weights)),
    ]
    differences = [
        f"{name} is {expected}, but the model has {found}"
        for name, expected, found in pairs
        if expected != found
    ]
    if differences:
        raise CommandError(
            f"the model of channel model does not match: {'; '.join(differences)}: train with "
            "the earlier job's values, or remove the channel"
        )


def _networks(settings: Hyperparameters, weights: Weights) -> list[tuple[str, object, object]]:
    """Return the hyperparameters of the network: the name, the job's value and the model's value.

    Depths are compared within a family only.
    """
    family = family_of_weights(weights)
    if family is not None and family.network != settings.network:
        return [("network", settings.network, family.network)]
    if settings.network not in RESNETS:
        return []
    return [("num_layers", settings.num_layers, count_layers(weights))]


def count_layers(weights: Weights) -> int:
    """Return num_layers of a ResNet of either family, derived from the shapes of its weights."""
    kernels = [array.shape[2] for array in weights.values() if array.ndim == 4]
    # The stem for thumbnails has a 3x3 kernel, as the blocks do; the stem for photos has 7x7.
    inner = kernels.count(3) - (7 not in kernels)
    bottleneck = any(array.ndim == 2 and array.shape[1] == 2048 for array in weights.values())
    return 3 * inner + 2 if bottleneck else inner + 2


def _count_classes(weights: Weights) -> int:
    return next((array.shape[0] for array in weights.values() if array.ndim == 2), 0)


def _join(shape: tuple[int, int, int]) -> str:
    return ",".join(map(str, shape))

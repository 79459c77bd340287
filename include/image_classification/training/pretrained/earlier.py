"""Going on from the model of an earlier job: the channel `model` of incremental training."""

import logging
from pathlib import Path
from typing import Any

from include.image_classification.container import ProgramError
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.pretrained.model_archive import unpacked_model
from include.image_classification.training.pretrained.reading import read_params
from include.image_classification.training.pretrained.transplant import Weights, transplant

_log = logging.getLogger(__name__)


def go_on_from(folder: Path, settings: Hyperparameters, network: Any) -> None:
    """Give the network all weights of the model in the channel's folder, packed or not.

    Raises:
        ProgramError: There is no model, it is damaged, or it is of other num_layers, image_shape
            or num_classes; each difference is named.
    """
    with unpacked_model(_packed(folder) or _unpacked(folder)) as model:
        weights = read_params(model.parameters)
        _check(settings, weights, model.shape)
        transplant(network, weights, "the channel model", last_layer=True)
        _log.info("Starting from %s of the channel model", model.parameters.name)


def _packed(folder: Path) -> Path | None:
    archives = [
        each for each in sorted(folder.rglob("*")) if each.name.endswith((".tar.gz", ".tgz"))
    ]
    if len(archives) > 1:
        names = ", ".join(each.name for each in archives)
        raise ProgramError(f"channel model holds {names}: give it one model.tar.gz")
    return archives[0] if archives else None


def _unpacked(folder: Path) -> Path:
    found = next(iter(sorted(folder.rglob("*.params"))), None)
    if found is None:
        raise ProgramError(
            "channel model must hold the model.tar.gz of an earlier training job, or what was in "
            "it, but holds neither: mend the channel's S3 address"
        )
    return found.parent


def _check(settings: Hyperparameters, weights: Weights, shape: tuple[int, int, int]) -> None:
    pairs = [
        ("num_layers", settings.num_layers, count_layers(weights)),
        ("image_shape", _commas(settings.image_shape), _commas(shape)),
        ("num_classes", settings.num_classes, _classes(weights)),
    ]
    differences = [
        f"{name} is {mine}, its {theirs}" for name, mine, theirs in pairs if mine != theirs
    ]
    if differences:
        raise ProgramError(
            f"the model of channel model does not match: {'; '.join(differences)}: train with "
            "the earlier job's values, or leave the channel out"
        )


def count_layers(weights: Weights) -> int:
    """Return the num_layers of a ResNet of either family, told by its weights' shapes."""
    kernels = [each.shape[2] for each in weights.values() if each.ndim == 4]
    # A stem for small images has the kernels that its blocks have, one for photos has 7x7.
    inner = kernels.count(3) - (7 not in kernels)
    bottleneck = any(each.ndim == 2 and each.shape[1] == 2048 for each in weights.values())
    return 3 * inner + 2 if bottleneck else inner + 2


def _classes(weights: Weights) -> int:
    return next((each.shape[0] for each in weights.values() if each.ndim == 2), 0)


def _commas(shape: tuple[int, int, int]) -> str:
    return ",".join(map(str, shape))

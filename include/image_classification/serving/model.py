"""A loaded model: its network, precision and class names."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from include.contracts.environment import FLIP_AVERAGE, PRECISIONS
from include.contracts.environment import SERVING_PRECISION as PRECISION
from include.image_classification.container import CommandError
from include.image_classification.images.resizing import Image
from include.image_classification.model import int8_decision
from include.image_classification.model.class_names import read_class_names
from include.image_classification.model.model_files import CLASS_NAMES, PREFIX, parameters_file
from include.image_classification.serving.limits import Limits
from include.image_classification.serving.network import Network, input_shape


class Model:
    """A loaded model. It allocates all of its memory at the start."""

    def __init__(self, folder: Path) -> None:
        """Load the best epoch from a folder with an unpacked model.tar.gz.

        The environment variable SERVING_PRECISION sets the precision: "float32" (default) or
        "int8". It does not depend on the processor, so that all instances predict alike. In batch
        transform, FLIP_AVERAGE "true" averages the predictions of images and their mirror images.

        Raises:
            CommandError: A file of the model is missing or damaged, one of both variables is
                invalid, or the precision is int8 and the model or the processor does not support
                int8.
        """
        self.averages_flips = _averages_flips()
        self.shape = input_shape(folder)
        self.precision = _precision(folder)
        if self.precision == "int8":
            self._network = Network(folder / int8_decision.PREFIX, int8_decision.EPOCH, self.shape)
        else:
            self._network = Network(*checkpoint(folder), self.shape)
        self.names: Sequence[str] | None = _names(folder, self._network.classes)

    def probabilities(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Return images x classes, for images (RGB or grayscale) that have the model's shape.

        Only one thread may call this.
        """
        probabilities = self._network.probabilities(images)
        if self.averages_flips:
            mirrored = [image[:, ::-1] for image in images]
            probabilities = (probabilities + self._network.probabilities(mirrored)) / 2
        return probabilities


def checkpoint(folder: Path) -> tuple[Path, int]:
    """Return prefix and epoch of the float32 model in a folder, for `mx.model.load_checkpoint`.

    Raises:
        CommandError: The folder has no parameters.
    """
    parameters = parameters_file(folder)
    if parameters is None:
        raise CommandError(
            f"{folder} holds no {PREFIX}-NNNN.params: the training may have been stopped before "
            "its first epoch was validated"
        )
    return folder / PREFIX, int(parameters.stem.rsplit("-", 1)[1])


def _averages_flips() -> bool:
    value = os.environ.get(FLIP_AVERAGE) or "false"
    if value not in ("true", "false"):
        raise CommandError(f"{FLIP_AVERAGE} is {value!r}: it must be true or false")
    return value == "true" and Limits.from_environment().batch


def _precision(folder: Path) -> str:
    precision = os.environ.get(PRECISION) or "float32"
    if precision not in PRECISIONS:
        raise CommandError(f"{PRECISION} is {precision!r}: it must be {' or '.join(PRECISIONS)}")
    if precision == "int8":
        _check_int8(folder)
    return precision


def _check_int8(folder: Path) -> None:
    """Check that the model has an accepted int8 form, and that the processor makes int8 fast."""
    if not int8_decision.is_served(folder):
        raise CommandError(
            f"{PRECISION} is int8, but the model in {folder} has no accepted int8 form (see the "
            f"reason in its {int8_decision.RECORD}, if it exists): set {PRECISION} to float32, or "
            "deploy a model package that nightly training registered with int8"
        )
    if not int8_decision.has_int8_instructions():
        raise CommandError(
            f"{PRECISION} is int8, but this processor has no instructions for it: the flags in "
            f"{int8_decision.CPU_INFO} contain none of "
            f"{', '.join(sorted(int8_decision.PROCESSOR_FLAGS))}. Use an instance type that has "
            "them, such as ml.c6i or ml.m6i; or set the hyperparameter int8 to never in the "
            "pipeline's YAML and train again"
        )


def _names(folder: Path, classes: int) -> list[str] | None:
    return read_class_names(folder, classes) if (folder / CLASS_NAMES).exists() else None

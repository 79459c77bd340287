"""A trained model in memory: what answers, in which precision, and its classes' names."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from include.contracts.environment import PRECISIONS
from include.contracts.environment import SERVING_PRECISION as PRECISION
from include.image_classification.container import ProgramError
from include.image_classification.images.resizing import Image
from include.image_classification.model import int8_decision
from include.image_classification.model.class_names import read_class_names
from include.image_classification.model.model_files import CLASS_NAMES, PREFIX, parameters_file
from include.image_classification.serving.network import Network, input_shape


class Model:
    """A loaded model. Its memory and shapes are settled at once and never grow."""

    def __init__(self, folder: Path) -> None:
        """Load the best epoch in a folder that holds an unpacked model.tar.gz.

        SERVING_PRECISION says in which precision the model answers: "int8" or "float32", the
        default. The processor never decides it, so that all instances answer alike.

        Raises:
            ProgramError: A file of the model is missing or damaged, SERVING_PRECISION has another
                value, or it is int8 and the model or the processor does not allow that.
        """
        self.shape = input_shape(folder)
        self.precision = _precision(folder)
        if self.precision == "int8":
            self._network = Network(folder / int8_decision.PREFIX, int8_decision.EPOCH, self.shape)
        else:
            self._network = Network(*checkpoint(folder), self.shape)
        self.names: Sequence[str] | None = _names(folder, self._network.classes)

    def probabilities(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Return images x classes, for images (RGB or grey) that have the model's shape.

        Only one thread may call this.
        """
        return self._network.probabilities(images)


def checkpoint(folder: Path) -> tuple[Path, int]:
    """Prefix and epoch of the float32 model in a folder, as `mx.model.load_checkpoint` takes them.

    Raises:
        ProgramError: there is none.
    """
    parameters = parameters_file(folder)
    if parameters is None:
        raise ProgramError(f"{folder} holds no {PREFIX}-NNNN.params: was the training stopped?")
    return folder / PREFIX, int(parameters.stem.rsplit("-", 1)[1])


def _precision(folder: Path) -> str:
    asked = os.environ.get(PRECISION) or "float32"
    if asked not in PRECISIONS:
        raise ProgramError(f"{PRECISION} is {asked!r}: it must be {' or '.join(PRECISIONS)}")
    if asked == "int8":
        _check_int8(folder)
    return asked


def _check_int8(folder: Path) -> None:
    """Refuse int8 where the model has no int8 form, or the processor computes it too slowly."""
    if not int8_decision.is_served(folder):
        raise ProgramError(
            f"{PRECISION} is int8, but the model in {folder} has no int8 form that was accepted "
            f"({int8_decision.RECORD} says why, if it is there): set {PRECISION} to float32, or "
            "deploy a model package that nightly training registered with int8"
        )
    if not int8_decision.has_int8_instructions():
        raise ProgramError(
            f"{PRECISION} is int8, but this processor has no instructions for it: of "
            f"{', '.join(sorted(int8_decision.PROCESSOR_FLAGS))} the flags in "
            f"{int8_decision.CPU_INFO} have none. Use an instance type that has them, such as "
            "ml.c6i or ml.m6i; or set the hyperparameter int8 to never in the pipeline's YAML and "
            "train again"
        )


def _names(folder: Path, classes: int) -> list[str] | None:
    return read_class_names(folder, classes) if (folder / CLASS_NAMES).exists() else None

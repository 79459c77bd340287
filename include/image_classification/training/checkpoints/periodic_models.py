"""Periodic models: the epochs that checkpoint_frequency adds to model.tar.gz."""

import shutil
from pathlib import Path
from typing import Any

from include.image_classification.model.artifact import save_parameters
from include.image_classification.model.model_files import PREFIX, UNFINISHED


class PeriodicModels:
    """Parameters of every `frequency`-th epoch in the model folder.

    A copy is in the checkpoint folder, since SageMaker does not keep the model folder of an
    interrupted job.
    """

    def __init__(self, models: Path, checkpoints: Path, frequency: int | None) -> None:
        self._models, self._checkpoints, self._frequency = models, checkpoints, frequency

    def keep(self, network: Any, epoch: int, temperature: float) -> None:
        """Store the parameters of an epoch (from 1) if it is a multiple of the frequency.

        The last layer's are divided by the temperature, as those of the best epoch are.
        """
        if self._frequency and epoch % self._frequency == 0:
            self._checkpoints.mkdir(parents=True, exist_ok=True)
            self._models.mkdir(parents=True, exist_ok=True)
            path = save_parameters(network, self._checkpoints, epoch, temperature)
            _copy(path, self._models)

    def restore(self) -> None:
        """Copy the models stored before an interruption into the model folder."""
        for path in self._checkpoints.glob(f"{PREFIX}-*.params") if self._frequency else ():
            self._models.mkdir(parents=True, exist_ok=True)
            _copy(path, self._models)


def _copy(path: Path, folder: Path) -> None:
    unfinished = folder / f"{path.stem}{UNFINISHED}"
    shutil.copyfile(path, unfinished)
    unfinished.rename(folder / path.name)

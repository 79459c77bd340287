"""The epochs that checkpoint_frequency adds to model.tar.gz, beside the best."""

import shutil
from pathlib import Path
from typing import Any

from include.image_classification.model.artifact import save_parameters
from include.image_classification.model.model_files import PREFIX, UNFINISHED


class KeptEpochs:
    """Every so many epochs' parameters in the model folder.

    They are in the folder of checkpoints, too, since the model folder is lost with the machine.
    """

    def __init__(self, models: Path, checkpoints: Path, frequency: int | None) -> None:
        self._models, self._checkpoints, self._frequency = models, checkpoints, frequency

    def keep(self, network: Any, epoch: int) -> None:
        """Store the parameters of an epoch (from 1) if its turn has come."""
        if self._frequency and epoch % self._frequency == 0:
            self._checkpoints.mkdir(parents=True, exist_ok=True)
            self._models.mkdir(parents=True, exist_ok=True)
            _copy(save_parameters(network, self._checkpoints, epoch), self._models)

    def restore(self) -> None:
        """Bring back what was kept before the training was interrupted."""
        for path in self._checkpoints.glob(f"{PREFIX}-*.params") if self._frequency else ():
            self._models.mkdir(parents=True, exist_ok=True)
            _copy(path, self._models)


def _copy(path: Path, folder: Path) -> None:
    unfinished = folder / f"{path.stem}{UNFINISHED}"
    shutil.copyfile(path, unfinished)
    unfinished.rename(folder / path.name)

"""Checkpoints: written between epochs, to resume a training after a stop or a crash."""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from include.contracts.hyperparameters import FINE_TUNING
from include.image_classification.container import CommandError
from include.image_classification.training.checkpoints.checkpoint_file import (
    UNFINISHED,
    Arrays,
    DamagedCheckpointError,
    read_checkpoint,
    read_description,
    write_checkpoint,
)
from include.image_classification.training.checkpoints.optimizer_state import (
    read_state,
    write_state,
)
from include.image_classification.training.checkpoints.periodic_models import PeriodicModels
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.networks.parameters import (
    read_parameters,
    write_parameters,
)

_log = logging.getLogger(__name__)

KEPT_CHECKPOINTS = 2
"""The newest checkpoint and its predecessor, in case the newest is damaged."""

CHANGEABLE = {
    "calibration",
    "checkpoint_frequency",
    "early_stopping",
    "early_stopping_min_epochs",
    "early_stopping_patience",
    "early_stopping_tolerance",
    "epochs",
    "num_training_samples",
    "precision_dtype",
    "pretrained_model_sha256",
    "pretrained_model_uri",
    "top_k",
    "use_pretrained_model",
}
"""Hyperparameters that may change before a training resumes."""


class History(Protocol):
    """The metrics of the epochs; a dataclass of lists and numbers."""

    best_epoch: int
    train_accuracy: list[float]

    @property
    def is_validated(self) -> bool:
        """Whether the last trained epoch has been validated."""


H = TypeVar("H", bound=History)


def identity(settings: Hyperparameters, images: Mapping[str, int]) -> dict[str, str]:
    """Return the values that must be the same when a training resumes.

    These are hyperparameters, and the number of images of each channel.
    """
    fixed = settings.model_dump(exclude=CHANGEABLE)
    # Checkpoints of earlier versions lack these, and have the default's behavior.
    for name in FINE_TUNING:
        if fixed[name] == type(settings).model_fields[name].default:
            del fixed[name]
    counts = {f"the number of {channel} images": count for channel, count in images.items()}
    return {name: str(value) for name, value in {**fixed, **counts}.items()}


class Average(Protocol):
    """An average of the weights that continues after a restart."""

    def read(self) -> Arrays:
        """Return the averages by the parameters' names."""

    def restore(self, averages: Arrays, epochs: int) -> None:
        """Continue from the averages after this number of epochs of the training."""


class Checkpoints(Generic[H]):
    """The checkpoints of one training, in a folder that SageMaker keeps in S3.

    A checkpoint contains the complete state of the training: parameters, optimizer state, history,
    the average of the weights if there is one, and the best parameters so far, without a
    temperature in the last layer. There is no random state: the order and the augmentation of the
    images depend on seed, epoch and image only.

    Args:
        folder: The folder of the checkpoints.
        identity: Values that must be the same when the training resumes (see `identity`).
        periodic: The models that checkpoint_frequency asks for.

    Attributes:
        best: The parameters of the best epoch so far; empty before.
    """

    def __init__(
        self, folder: Path, identity: Mapping[str, str], periodic: PeriodicModels | None = None
    ) -> None:
        self._folder, self._identity, self._periodic = folder, dict(identity), periodic
        self.best: Arrays = {}
        self._saved_epochs, self._saved_file = 0, 0

    def keep_best(self, network: Any) -> None:
        """Keep the network's parameters as the best so far, in memory."""
        self.best = read_parameters(network)

    def keep_periodic(self, network: Any, epoch: int, temperature: float) -> None:
        """Store the model of an epoch (from 1) with this temperature, if it is a periodic one."""
        if self._periodic:
            self._periodic.keep(network, epoch, temperature)

    def save(self, network: Any, trainer: Any, history: H, average: Average | None = None) -> None:
        """Store the state after an epoch, in place of the last but one checkpoint."""
        epochs = len(history.train_accuracy)
        averages = average.read() if average else {}
        arrays = {
            **_in_folder("parameter", read_parameters(network)),
            **_in_folder("optimizer", read_state(trainer)),
            **_in_folder("average", averages),
        }
        if averages or history.best_epoch != epochs:
            arrays |= _in_folder("best", self.best)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_checkpoint(
            self._choose_file(epochs),
            {
                "epochs": epochs,
                "identity": self._identity,
                "history": dataclasses.asdict(history),  # type: ignore[call-overload]
            },
            arrays,
        )

    def _choose_file(self, epochs: int) -> Path:
        """Return the file of these epochs: their own, or that of the last but one checkpoint."""
        if epochs != self._saved_epochs:
            self._saved_epochs = epochs
            self._saved_file = (self._saved_file + 1) % KEPT_CHECKPOINTS
        return self._folder / f"checkpoint-{self._saved_file}.npz"

    def restore(
        self,
        network: Any,
        trainer: Any,
        history: H,
        store: Callable[[Any, H], object],
        average: Average | None = None,
    ) -> H:
        """Restore the newest undamaged checkpoint; without one, return `history` unchanged.

        Args:
            network: Receives the checkpoint's parameters.
            trainer: Receives the checkpoint's optimizer state.
            history: An empty history.
            store: Called with the network of the best epoch and the restored history, since
                SageMaker does not keep the model folder of an interrupted job.
            average: Receives the checkpoint's average of the weights.

        Raises:
            CommandError: The checkpoint is of a training with other settings, which are named.
        """
        for unfinished in self._folder.glob(f"*{UNFINISHED}"):
            unfinished.unlink()
        newest = self._read_newest()
        if newest is None:
            return history
        description, arrays, self._saved_file = newest
        self._saved_epochs = description["epochs"]
        parameters = _select("parameter", arrays)
        restored = dataclasses.replace(history, **description["history"])  # type: ignore[type-var]
        self.best = _select("best", arrays) or parameters
        if self._periodic:
            self._periodic.restore()
        if restored.best_epoch:
            write_parameters(network, self.best)
            store(network, restored)
        write_parameters(network, parameters)
        write_state(trainer, _select("optimizer", arrays))
        if average and (averages := _select("average", arrays)):
            average.restore(averages, description["epochs"])
        _log.info("Resuming after %d epochs from a checkpoint", description["epochs"])
        return restored

    def trained_epochs(self) -> int:
        """Return the number of epochs that `restore` would restore; 0 without a checkpoint.

        Raises:
            CommandError: The checkpoint is of a training with other settings, which are named.
        """
        newest = self._read_newest()
        return newest[0]["epochs"] if newest else 0

    def _read_newest(self) -> tuple[dict[str, Any], Arrays, int] | None:
        """Return the newest undamaged checkpoint's description, arrays and number of its file."""
        by_epoch = []
        for path in sorted(self._folder.glob("checkpoint-*.npz")):
            try:
                by_epoch.append((read_description(path)["epochs"], path))
            except DamagedCheckpointError as error:
                _log.warning("Ignoring a checkpoint: %s", error)
        for _, path in sorted(by_epoch, reverse=True):
            try:
                description, arrays = read_checkpoint(path)
            except DamagedCheckpointError as error:
                _log.warning("Ignoring a checkpoint: %s", error)
                continue
            self._check_identity(description["identity"], path)
            return description, arrays, int(path.stem.rpartition("-")[2])
        return None

    def _check_identity(self, stored: Mapping[str, str], path: Path) -> None:
        names = sorted(stored.keys() | self._identity.keys())
        differences = [
            f"{name} was {stored.get(name)} and is now {self._identity.get(name)}"
            for name in names
            if stored.get(name) != self._identity.get(name)
        ]
        if differences:
            raise CommandError(
                f"{path} is the checkpoint of another training: {'; '.join(differences)}: use a "
                "different CheckpointConfig.S3Uri for each training, or restore the settings"
            )


def _in_folder(folder: str, arrays: Arrays) -> Arrays:
    return {f"{folder}/{name}": array for name, array in arrays.items()}


def _select(folder: str, arrays: Arrays) -> Arrays:
    prefix = f"{folder}/"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }

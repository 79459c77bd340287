"""Checkpoints: written after each epoch, to resume a training after a stop or a crash."""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
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

LEFT_OUT_BY_DEFAULT = (
    "fine_tune",
    "head_epochs",
    "head_learning_rate",
    "frozen_stages",
    "training_size",
)
"""Hyperparameters that checkpoints of earlier versions lack; they had the default's behavior."""


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
    for name in LEFT_OUT_BY_DEFAULT:
        if fixed[name] == type(settings).model_fields[name].default:
            del fixed[name]
    counts = {f"the number of {channel} images": count for channel, count in images.items()}
    return {name: str(value) for name, value in {**fixed, **counts}.items()}


class Checkpoints(Generic[H]):
    """The checkpoints of one training, in a folder that SageMaker keeps in S3.

    A checkpoint contains the complete state of the training: parameters, optimizer state, history
    and the best parameters so far, without a temperature in the last layer. There is no random
    state: the order and the augmentation of the images depend on seed, epoch and image only.

    Args:
        folder: The folder of the checkpoints.
        identity: Values that must be the same when the training resumes (see `identity`).
        periodic: The models that checkpoint_frequency asks for.
    """

    def __init__(
        self, folder: Path, identity: Mapping[str, str], periodic: PeriodicModels | None = None
    ) -> None:
        self._folder, self._identity, self._periodic = folder, dict(identity), periodic
        self._best: Arrays = {}

    def save(self, network: Any, trainer: Any, history: H, temperature: float = 1.0) -> None:
        """Store the state after an epoch, in place of the last but one checkpoint.

        A periodic model is stored, too, if the epoch has been validated, with this temperature.
        """
        epochs = len(history.train_accuracy)
        parameters = _read_parameters(network)
        if history.best_epoch == epochs:
            self._best = parameters
        arrays = {
            **{f"parameter/{name}": array for name, array in parameters.items()},
            **{f"optimizer/{name}": array for name, array in read_state(trainer).items()},
        }
        if history.best_epoch != epochs:
            arrays |= {f"best/{name}": array for name, array in self._best.items()}
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._periodic and history.is_validated:
            self._periodic.keep(network, epochs, temperature)
        write_checkpoint(
            self._folder / f"checkpoint-{epochs % KEPT_CHECKPOINTS}.npz",
            {
                "epochs": epochs,
                "identity": self._identity,
                "history": dataclasses.asdict(history),  # type: ignore[call-overload]
            },
            arrays,
        )

    def restore(
        self, network: Any, trainer: Any, history: H, store: Callable[[Any, H], object]
    ) -> H:
        """Restore the newest undamaged checkpoint; without one, return `history` unchanged.

        Args:
            network: Receives the checkpoint's parameters.
            trainer: Receives the checkpoint's optimizer state.
            history: An empty history.
            store: Called with the network of the best epoch and the restored history, since
                SageMaker does not keep the model folder of an interrupted job.

        Raises:
            CommandError: The checkpoint is of a training with other settings, which are named.
        """
        for unfinished in self._folder.glob(f"*{UNFINISHED}"):
            unfinished.unlink()
        newest = self._read_newest()
        if newest is None:
            return history
        description, arrays = newest
        parameters = _select("parameter", arrays)
        restored = dataclasses.replace(history, **description["history"])  # type: ignore[type-var]
        self._best = _select("best", arrays) or parameters
        if self._periodic:
            self._periodic.restore()
        if restored.best_epoch:
            _write_parameters(network, self._best)
            store(network, restored)
        _write_parameters(network, parameters)
        write_state(trainer, _select("optimizer", arrays))
        _log.info("Resuming after %d epochs from a checkpoint", description["epochs"])
        return restored

    def trained_epochs(self) -> int:
        """Return the number of epochs that `restore` would restore; 0 without a checkpoint.

        Raises:
            CommandError: The checkpoint is of a training with other settings, which are named.
        """
        newest = self._read_newest()
        return newest[0]["epochs"] if newest else 0

    def _read_newest(self) -> tuple[dict[str, Any], Arrays] | None:
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
            return description, arrays
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


def _select(folder: str, arrays: Arrays) -> Arrays:
    prefix = f"{folder}/"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _read_parameters(network: Any) -> Arrays:
    return {name: value.data().asnumpy() for name, value in network.collect_params().items()}


def _write_parameters(network: Any, arrays: Arrays) -> None:
    for name, parameter in network.collect_params().items():
        parameter.set_data(mx.nd.array(arrays[name], dtype=arrays[name].dtype))

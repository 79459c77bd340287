"""Checkpoints of a training: written after every epoch, gone on from after a stop or a crash."""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from include.image_classification.container import ProgramError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.checkpoints.checkpoint_file import (
    UNFINISHED,
    Arrays,
    DamagedCheckpoint,
    read_checkpoint,
    read_description,
    write_checkpoint,
)
from include.image_classification.training.checkpoints.kept_epochs import KeptEpochs
from include.image_classification.training.checkpoints.optimizer_state import (
    read_state,
    write_state,
)
from include.image_classification.training.hyperparameters import Hyperparameters

_log = logging.getLogger(__name__)

SLOTS = 2
"""The newest checkpoint and the one before; more would only cost storage."""

FREE = {
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
"""Hyperparameters with which a training may go on though they have changed."""


class History(Protocol):
    """What a training tells of its epochs; a dataclass of lists and numbers."""

    best_epoch: int
    train_accuracy: list[float]

    @property
    def is_judged(self) -> bool:
        """Whether the last epoch has been judged, too."""


H = TypeVar("H", bound=History)


def identity(settings: Hyperparameters, images: Mapping[str, int]) -> dict[str, str]:
    """Name what must be the same for a training to go on: settings, and how many images."""
    fixed = settings.model_dump(exclude=FREE)
    counts = {f"the number of {channel} images": count for channel, count in images.items()}
    return {name: str(value) for name, value in {**fixed, **counts}.items()}


class Checkpoints(Generic[H]):
    """The checkpoints of one training, in a folder that outlives the machine.

    A checkpoint holds all that the rest of the training depends on: parameters, the optimizer's
    state, the history with the epoch and what early stopping looks at, and the best parameters so
    far. Nothing random has a state: the order of the images and what augmentation does to them
    follow from seed, epoch and image.
    """

    def __init__(
        self, folder: Path, identity: Mapping[str, str], kept: KeptEpochs | None = None
    ) -> None:
        self._folder, self._identity, self._kept = folder, dict(identity), kept
        self._best: Arrays = {}

    def save(self, network: Any, trainer: Any, history: H) -> None:
        """Store the state after an epoch; the last but one checkpoint is replaced.

        What checkpoint_frequency asks for is kept, too, once the epoch is judged.
        """
        epochs = len(history.train_accuracy)
        parameters = _read(network)
        if history.best_epoch == epochs:
            self._best = parameters
        arrays = {
            **{f"parameter/{name}": array for name, array in parameters.items()},
            **{f"optimizer/{name}": array for name, array in read_state(trainer).items()},
        }
        if history.best_epoch != epochs:
            arrays |= {f"best/{name}": array for name, array in self._best.items()}
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._kept and history.is_judged:
            self._kept.keep(network, epochs)
        write_checkpoint(
            self._folder / f"checkpoint-{epochs % SLOTS}.npz",
            {
                "epochs": epochs,
                "identity": self._identity,
                "history": dataclasses.asdict(history),  # type: ignore[call-overload]
            },
            arrays,
        )

    def restore(
        self, network: Any, trainer: Any, history: H, store: Callable[[Any, int], object]
    ) -> H:
        """Go on from the newest checkpoint that is whole; without one, return `history` as it is.

        Args:
            network: Gets the checkpoint's parameters.
            trainer: Gets the checkpoint's optimizer state.
            history: An empty history.
            store: Called with the network of the best epoch and that epoch, since what was in the
                model folder is lost with the machine.

        Raises:
            ProgramError: The checkpoint is of a training with other settings; it names them.
        """
        for half in self._folder.glob(f"*{UNFINISHED}"):
            half.unlink()
        found = self._newest()
        if found is None:
            return history
        description, arrays = found
        parameters = _below("parameter", arrays)
        told = dataclasses.replace(history, **description["history"])  # type: ignore[type-var]
        self._best = _below("best", arrays) or parameters
        if self._kept:
            self._kept.restore()
        if told.best_epoch:
            _write(network, self._best)
            store(network, told.best_epoch)
        _write(network, parameters)
        write_state(trainer, _below("optimizer", arrays))
        _log.info("Going on after %d epochs, from a checkpoint", description["epochs"])
        return told

    def _newest(self) -> tuple[dict[str, Any], Arrays] | None:
        order = []
        for path in sorted(self._folder.glob("checkpoint-*.npz")):
            try:
                order.append((read_description(path)["epochs"], path))
            except DamagedCheckpoint as damage:
                _log.warning("%s: it is not used", damage)
        for _, path in sorted(order, reverse=True):
            try:
                found = read_checkpoint(path)
            except DamagedCheckpoint as damage:
                _log.warning("%s: it is not used", damage)
                continue
            self._check_identity(found[0]["identity"], path)
            return found
        return None

    def _check_identity(self, stored: Mapping[str, str], path: Path) -> None:
        names = sorted(stored.keys() | self._identity.keys())
        differences = [
            f"{name} was {stored.get(name)} and is {self._identity.get(name)}"
            for name in names
            if stored.get(name) != self._identity.get(name)
        ]
        if differences:
            raise ProgramError(
                f"{path} is the checkpoint of another training: {'; '.join(differences)}: give "
                "each training a CheckpointConfig.S3Uri of its own, or go on with its settings"
            )


def _below(folder: str, arrays: Arrays) -> Arrays:
    start = f"{folder}/"
    return {
        name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)
    }


def _read(network: Any) -> Arrays:
    return {name: value.data().asnumpy() for name, value in network.collect_params().items()}


def _write(network: Any, arrays: Arrays) -> None:
    for name, parameter in network.collect_params().items():
        parameter.set_data(mx.nd.array(arrays[name], dtype=arrays[name].dtype))

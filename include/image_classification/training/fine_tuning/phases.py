"""Phases of a training: consecutive epochs that train the same layers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from include.contracts.networks import FineTune
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.networks.parts import (
    later_parameters,
    part_parameters,
    stage_numbers,
)


@dataclass(frozen=True)
class Phase:
    """Consecutive epochs that train the same layers.

    Attributes:
        part: The layers that are trained.
        first_epoch: The number of the first epoch, from 0.
        settings: The hyperparameters, with the phase's epochs and learning rate.
        head_rate_ratio: The learning rate of the last layer, as a multiple of that of the others.
    """

    part: FineTune
    first_epoch: int
    settings: Hyperparameters
    head_rate_ratio: float = 1.0

    @property
    def end_epoch(self) -> int:
        """The number of the first epoch after the phase."""
        return self.first_epoch + self.settings.epochs


def plan_phases(settings: Hyperparameters) -> Iterator[Phase]:
    """Yield the phases of a training: `head_epochs` of the last layer if any, then `epochs`.

    Neither early stopping nor `lr_scheduler_step` applies to the epochs of the last layer.
    """
    rate = settings.learning_rate
    head_rate = rate if settings.head_learning_rate is None else settings.head_learning_rate
    if settings.head_epochs:
        changes = {
            "epochs": settings.head_epochs,
            "learning_rate": head_rate,
            "lr_scheduler_step": (),
            "early_stopping": False,
        }
        yield Phase("head", 0, settings.model_copy(update=changes))
    ratio = head_rate / rate if rate else 1.0
    yield Phase(settings.fine_tune, settings.head_epochs, settings, ratio)


def remaining_phases(settings: Hyperparameters, trained: int) -> list[Phase]:
    """Return the phases from that of the last of this number of trained epochs.

    The last epoch may be the last of its phase: it is restored, and validated if it was not, by the
    phase whose optimizer state the checkpoint has.
    """
    phases = list(plan_phases(settings))
    return [phase for phase in phases[:-1] if trained <= phase.end_epoch] + phases[-1:]


class TrainedLayers:
    """Chooses the parameters of a network that the next steps train.

    Parameters that the network never trains, such as BatchNorm's statistics, stay as they are.
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._trainable = {
            name: parameter
            for name, parameter in network.collect_params().items()
            if parameter.grad_req != "null"
        }

    def choose(self, phase: Phase) -> set[str]:
        """Freeze the parameters that the phase does not train, and set the others' rates.

        Returns:
            The names of the parameters of the phase's part, BatchNorm's statistics among them.
        """
        head = part_parameters(self._network, "head")
        if phase.part == "all":
            part = later_parameters(self._network, phase.settings.frozen_stages)
        else:
            part = part_parameters(self._network, phase.part)
        stages, decay = stage_numbers(self._network), phase.settings.layer_decay
        last = max(stages.values())
        for name, parameter in self._trainable.items():
            parameter.grad_req = "write" if name in part else "null"
            is_head = name in head
            parameter.lr_mult = phase.head_rate_ratio if is_head else decay ** (last - stages[name])
        return part

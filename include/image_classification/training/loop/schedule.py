"""How the learning rate moves over a training."""

import math
from collections.abc import Callable

from include.image_classification.training.hyperparameters import Hyperparameters

Schedule = Callable[[float], float]
"""From epochs passed (0.5 is the middle of the first) to the learning rate."""

RISING = 0.3
START = 0.04


def make_schedule(settings: Hyperparameters) -> Schedule:
    """Return the schedule that the hyperparameters ask for."""
    if settings.lr_schedule == "one_cycle":
        return _one_cycle(settings.learning_rate, settings.epochs)
    return _steps(settings.learning_rate, settings.lr_scheduler_step, settings.lr_scheduler_factor)


def _steps(rate: float, steps: tuple[int, ...], factor: float) -> Schedule:
    def at(epoch: float) -> float:
        return rate * factor ** sum(epoch >= step for step in steps)

    return at


def _one_cycle(highest: float, epochs: int) -> Schedule:
    def at(epoch: float) -> float:
        share = min(epoch / epochs, 1.0)
        if share < RISING:
            return highest * (START + (1 - START) * share / RISING)
        return highest * 0.5 * (1 + math.cos(math.pi * (share - RISING) / (1 - RISING)))

    return at

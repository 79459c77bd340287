"""Learning rate schedules."""

import math
from collections.abc import Callable

from include.image_classification.training.hyperparameters import Hyperparameters

Schedule = Callable[[float], float]
"""Returns the learning rate after a number of epochs; 0.5 is the middle of the first epoch."""

RISE_SHARE = 0.3
"""The share of a one-cycle training in which the rate rises."""

INITIAL_SHARE = 0.04
"""The initial rate of a one-cycle training, as a share of the highest rate."""


def make_schedule(settings: Hyperparameters) -> Schedule:
    """Return the schedule that the hyperparameters select."""
    if settings.lr_schedule == "one_cycle":
        return _one_cycle(settings.learning_rate, settings.epochs)
    return _steps(settings.learning_rate, settings.lr_scheduler_step, settings.lr_scheduler_factor)


def _steps(rate: float, steps: tuple[int, ...], factor: float) -> Schedule:
    def rate_at(epoch: float) -> float:
        return rate * factor ** sum(epoch >= step for step in steps)

    return rate_at


def _one_cycle(highest: float, epochs: int) -> Schedule:
    def rate_at(epoch: float) -> float:
        share = min(epoch / epochs, 1.0)
        if share < RISE_SHARE:
            return highest * (INITIAL_SHARE + (1 - INITIAL_SHARE) * share / RISE_SHARE)
        fall = (share - RISE_SHARE) / (1 - RISE_SHARE)
        return highest * 0.5 * (1 + math.cos(math.pi * fall))

    return rate_at

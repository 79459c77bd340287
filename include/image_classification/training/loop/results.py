"""The results of a training: the best model and the checkpoints."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from include.image_classification import log_lines
from include.image_classification.training.checkpoints.checkpoints import Checkpoints
from include.image_classification.training.loop.average import WeightAverage
from include.image_classification.training.loop.history import History
from include.image_classification.training.networks.parameters import replaced_parameters

SAVE_INTERVAL = 5.0
"""Seconds between two checkpoints: to write one takes longer than a short epoch."""

StoreModel = Callable[[Any, History], object]
"""Stores the network of the history's best epoch with its calibration, and returns the path."""


class Results:
    """Keeps the best epoch in memory, and writes it and the checkpoints.

    The first epoch is written at once, and then at most one in SAVE_INTERVAL. A crash loses the
    epochs since then. A training that ends or is stopped writes its best model.

    Args:
        network: The network that is trained.
        trainer: The trainer, which has the state of the optimizer.
        checkpoints: Reads and writes the checkpoints.
        store: Writes the best model.
        average: The average of the weights, which is the result in place of the weights.
    """

    def __init__(
        self,
        network: Any,
        trainer: Any,
        checkpoints: Checkpoints[History],
        store: StoreModel,
        average: WeightAverage | None = None,
    ) -> None:
        self._network, self._trainer, self._checkpoints = network, trainer, checkpoints
        self._store, self._average = store, average
        self._stored_epoch, self._saved_at = 0, float("-inf")

    def restore(self) -> History:
        """Restore the last checkpoint, and store its best model."""
        history = self._checkpoints.restore(
            self._network, self._trainer, History(), self._store, self._average
        )
        self.continue_from(history)
        return history

    def continue_from(self, history: History) -> None:
        """Take the best model of an earlier loop or a checkpoint as stored."""
        self._stored_epoch = history.best_epoch

    def validated_weights(self) -> AbstractContextManager[None]:
        """Give the network, within the block, the weights that are validated and stored."""
        if self._average is None:
            return nullcontext()
        return replaced_parameters(self._network, self._average.read())

    def keep_best(self) -> None:
        """Keep the weights of this epoch as the best; within `validated_weights`."""
        self._checkpoints.keep_best(self._network)

    def keep_periodic(self, epoch: int, temperature: float) -> None:
        """Store the model of this epoch (from 1) if it is a periodic one."""
        self._checkpoints.keep_periodic(self._network, epoch, temperature)

    def save(self, history: History, *, now: bool) -> None:
        """Write the best model and a checkpoint after an epoch.

        Args:
            history: The epochs so far.
            now: Whether to write in any case; otherwise only after SAVE_INTERVAL.
        """
        if now or time.monotonic() - self._saved_at >= SAVE_INTERVAL:
            self.store_best(history)
            self._checkpoints.save(self._network, self._trainer, history, self._average)
            self._saved_at = time.monotonic()

    def store_best(self, history: History) -> None:
        """Write the model of the best epoch, unless it has been written."""
        if history.best_epoch != self._stored_epoch:
            with replaced_parameters(self._network, self._checkpoints.best):
                path = self._store(self._network, history)
            self._stored_epoch = history.best_epoch
            log_lines.log_best(history.validation_accuracy[history.best_epoch - 1], path)

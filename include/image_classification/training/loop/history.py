"""Metrics of a training by epoch."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass
class History:
    """Lists with one value per epoch. `best_epoch` counts from 1; 0 if none was validated.

    If the training was stopped during a validation, the lists of validation metrics lack the last
    epoch.
    """

    best_epoch: int = 0
    train_accuracy: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    images_per_second: list[float] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    """The rate of the epoch's last batch."""
    epoch_seconds: list[float] = field(default_factory=list)
    """Seconds of training without validation, as the built-in algorithm's `Time cost`."""
    calibration: dict[str, Any] | None = None
    """The best epoch's calibration.json; None without calibration."""

    @property
    def is_validated(self) -> bool:
        """Whether the last trained epoch has been validated."""
        return len(self.validation_accuracy) == len(self.train_accuracy)

    def would_be_best(self, accuracy: float, loss: float) -> bool:
        """Return whether an epoch with this validation accuracy and loss is the best so far.

        Of epochs with the same accuracy, which few validation images make likely, the best has the
        lowest loss; if that is the same as well, it is the first.
        """
        if not self.best_epoch:
            return True
        best = self.best_epoch - 1
        best_accuracy, best_loss = self.validation_accuracy[best], self.validation_loss[best]
        return accuracy > best_accuracy or (accuracy == best_accuracy and loss < best_loss)

    def validated(self) -> "History":
        """Return the history of the validated epochs."""
        count = len(self.validation_accuracy)
        lists: dict[str, Any] = {
            name: values[:count]
            for name, values in dataclasses.asdict(self).items()
            if isinstance(values, list)
        }
        return dataclasses.replace(self, **lists)

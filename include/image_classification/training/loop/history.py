"""What happened in a training, epoch by epoch."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass
class History:
    """One number an epoch in each list. `best_epoch` counts from 1; 0 if none was judged.

    Where a training was told to stop while it judged, the lists of validation lack the last epoch.
    """

    best_epoch: int = 0
    train_accuracy: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    images_per_second: list[float] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    """Of the epoch's last batch."""
    epoch_seconds: list[float] = field(default_factory=list)
    """Of training alone, as the built-in's `Time cost`."""

    @property
    def is_judged(self) -> bool:
        """Whether the last epoch has been judged, too."""
        return len(self.validation_accuracy) == len(self.train_accuracy)

    def judged(self) -> "History":
        """The history of the epochs that have been judged."""
        count = len(self.validation_accuracy)
        lists: dict[str, Any] = {
            name: figures[:count]
            for name, figures in dataclasses.asdict(self).items()
            if isinstance(figures, list)
        }
        return dataclasses.replace(self, **lists)

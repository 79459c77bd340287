"""Interface of the channel readers."""

import threading
from collections.abc import Iterator
from typing import Protocol

from include.image_classification.training.input.batches import Batch


class Reader(Protocol):
    """Reads the images of a channel in batches, any number of times."""

    @property
    def batches(self) -> int:
        """The number of batches of a training epoch; an estimate in Pipe mode."""

    def prepare(self, stop: threading.Event) -> bool:
        """Do what is needed before the first batch; return False if `stop` was set meanwhile."""

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """Yield the complete batches of an epoch, in the epoch's random order."""

    def validation(self) -> Iterator[Batch]:
        """Yield batches with each image once, squashed as in serving."""

"""What training needs of a channel, wherever its images come from."""

from collections.abc import Iterator
from typing import Protocol

from include.image_classification.training.input.batches import Batch


class Reader(Protocol):
    """A channel's images, batch by batch, as often as asked for."""

    @property
    def batches(self) -> int:
        """How many batches an epoch of training has; of a pipe, as far as is known."""

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """The whole batches of an epoch, in an order of its own."""

    def validation(self) -> Iterator[Batch]:
        """Every image once, squashed as in serving."""

"""Which records each host sees: disjoint, together all, and as many batches everywhere."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Order = NDArray[np.intp]


@dataclass(frozen=True)
class Share:
    """One host's part of what all hosts read in the same order.

    `rank` is the host's place among `size` hosts. `batches` bounds the batches of an epoch where
    each host has records of its own, which may be more on one than on another.
    """

    rank: int = 0
    size: int = 1
    batches: int | None = None

    def training(self, order: Order, batch: int) -> Order:
        """This host's records of an epoch, whole batches only.

        `order` is the same on all hosts: of each `batch` x `size` records in a row, every host
        takes its `batch`, so that together they are one batch of one host. What fills no such batch
        is left for the next epoch, whose order is another.
        """
        whole = len(order) - len(order) % (batch * self.size)
        mine: Order = order[:whole].reshape(-1, self.size, batch)[: self.batches, self.rank]
        return mine.reshape(-1)

    def validation(self, order: Order) -> Order:
        """This host's records to validate with; some hosts may have one more than others."""
        return order[self.rank :: self.size]


WHOLE = Share()
"""All of it: there is one host."""

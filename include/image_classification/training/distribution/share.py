"""The records of each host: disjoint, complete, and the same number of batches on all hosts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Order = NDArray[np.intp]


@dataclass(frozen=True)
class Share:
    """One host's part of the records, which all hosts read in the same order.

    `rank` is the host's index among `size` hosts. `batches` limits the batches of an epoch when
    the hosts have records of their own (ShardedByS3Key), whose numbers may differ.
    """

    rank: int = 0
    size: int = 1
    batches: int | None = None

    def training(self, order: Order, batch: int) -> Order:
        """Return this host's records of an epoch, in whole batches.

        `order` is the same on all hosts. Each run of `batch` x `size` records is divided among the
        hosts, `batch` records each, so that the hosts' batches together are one batch of a single
        host. The incomplete last run is dropped; the next epoch has another order.
        """
        complete = len(order) - len(order) % (batch * self.size)
        part: Order = order[:complete].reshape(-1, self.size, batch)[: self.batches, self.rank]
        return part.reshape(-1)

    def validation(self, order: Order) -> Order:
        """Return this host's records for validation; the hosts' numbers may differ by one."""
        return order[self.rank :: self.size]


WHOLE = Share()
"""All records, for a single host."""

"""Distribution of an endpoint's requests over its fleets."""

import random
from dataclasses import dataclass

from include.local_aws.endpoints.fleet import Fleet
from include.local_aws.endpoints.instance import Instance


@dataclass(frozen=True)
class Traffic:
    """The fleet, and during an update the new fleet (green) with its share of the requests.

    Objects are immutable and replaced as a whole, so that a request sees a consistent state.
    """

    fleet: Fleet | None
    green: Fleet | None = None
    share: float = 0.0

    def pick(self, variant: str | None) -> tuple[Fleet, Instance] | None:
        """Choose fleet and instance for a request; None if no instance is healthy.

        If a fleet has no healthy instance, the other fleet is asked.
        """
        for fleet in self._in_order():
            instance = fleet.pick(variant)
            if instance is not None:
                return fleet, instance
        return None

    @property
    def fleets(self) -> list[Fleet]:
        """The existing fleets."""
        return [fleet for fleet in (self.fleet, self.green) if fleet is not None]

    def _in_order(self) -> list[Fleet]:
        """Return the fleets with a share, in random order weighted by their shares."""
        shares = {self.green: self.share, self.fleet: 1 - self.share}
        fleets = [fleet for fleet in self.fleets if shares[fleet]]
        if len(fleets) == 2 and random.random() < self.share:
            fleets.reverse()
        return fleets

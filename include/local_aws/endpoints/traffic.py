"""Which fleets of an endpoint take its requests, and how much of them."""

import random
from dataclasses import dataclass

from include.local_aws.endpoints.fleet import Fleet
from include.local_aws.endpoints.instance import Instance


@dataclass(frozen=True)
class Traffic:
    """The old fleet, and during an update the new one with its share of the requests.

    It is replaced as a whole, so that a request sees one state or the other.
    """

    fleet: Fleet | None
    green: Fleet | None = None
    share: float = 0.0

    def pick(self, variant: str | None) -> tuple[Fleet, Instance] | None:
        """The fleet and the instance that take the next request, or None where none is healthy.

        A fleet that has nobody to take it leaves it to the other one.
        """
        for fleet in self._in_turn():
            instance = fleet.pick(variant)
            if instance is not None:
                return fleet, instance
        return None

    @property
    def fleets(self) -> list[Fleet]:
        """All fleets that there are."""
        return [fleet for fleet in (self.fleet, self.green) if fleet is not None]

    def _in_turn(self) -> list[Fleet]:
        """First the fleet whose turn it is, then the other one, if it has any share at all."""
        shares = {self.green: self.share, self.fleet: 1 - self.share}
        taking = [fleet for fleet in self.fleets if shares[fleet]]
        if len(taking) == 2 and random.random() < self.share:
            taking.reverse()
        return taking

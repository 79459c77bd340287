"""One update: the traffic moves to the new fleet, and nothing must speak against it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from include.local_aws.endpoints.concurrency import FleetClosed
from include.local_aws.endpoints.fleet import Fleet
from include.local_aws.endpoints.plan import Plan
from include.local_aws.endpoints.traffic import Traffic
from include.local_aws.errors import JobFailure
from include.local_aws.observability.cloudwatch.alarms import Alarms

_LOOK = 0.25  # seconds between two looks at the alarms


@dataclass(frozen=True)
class Rollout:
    """Moves traffic step by step as a plan says.

    Attributes:
        plan: the steps.
        blue: the fleet that serves, if any does.
        green: the fleet that is to serve; it is healthy.
        alarms: where the plan's alarms are.
        closed: set when the server ends.
        shift: called with how requests are divided from now on.
        show: called with the stage that the new variants are in, as `Baking`.
    """

    plan: Plan
    blue: Fleet | None
    green: Fleet
    alarms: Alarms
    closed: threading.Event
    shift: Callable[[Traffic], None]
    show: Callable[[str], None]

    def run(self) -> None:
        """Return when the new fleet has all traffic and the old one may be stopped.

        Raises:
            JobFailure: an alarm went off, the new fleet is not healthy any more, or it took
                too long; the traffic is as it was at that moment.
            FleetClosed: the server ends.
        """
        deadline = time.monotonic() + self.plan.longest
        for share in self.plan.shares if self.blue else (1.0,):
            self.show("ActivatingTraffic")
            self.shift(Traffic(self.blue, self.green, share))
            if self.plan.wait:
                self.show("Baking")
            self._watch(self.plan.wait, deadline)
        self._watch(self.plan.termination_wait, deadline)

    def _watch(self, seconds: float, deadline: float) -> None:
        """Let so many seconds pass, and look all the while."""
        until = time.monotonic() + seconds
        while True:
            self._check(deadline)
            left = until - time.monotonic()
            if self.closed.wait(max(0.0, min(_LOOK, left))):
                raise FleetClosed
            if left <= 0:
                return

    def _check(self, deadline: float) -> None:
        triggered = self.alarms.triggered(self.plan.alarms) if self.plan.alarms else []
        if triggered:
            raise JobFailure(
                "One or more alarms of the automatic rollback configuration are in the state "
                f"ALARM: {', '.join(triggered)}."
            )
        variant = self.green.unhealthy()
        if variant is not None:
            raise JobFailure(
                f"The primary container for production variant {variant} did not pass the ping "
                "health check. Please check CloudWatch logs for this endpoint."
            )
        if time.monotonic() > deadline:
            raise JobFailure(
                f"The deployment took longer than {self.plan.longest:.0f} seconds "
                "(MaximumExecutionTimeoutInSeconds)."
            )

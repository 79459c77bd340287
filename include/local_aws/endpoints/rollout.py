"""Blue/green rollout of an update: shift traffic to the new fleet while watching alarms."""

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

_CHECK_INTERVAL = 0.25  # seconds


@dataclass(frozen=True)
class Rollout:
    """Shifts traffic in the steps of a plan.

    Attributes:
        plan: The steps.
        blue: The old fleet, if there is one.
        green: The new fleet, which is healthy.
        alarms: The alarms of CloudWatch.
        closed: Set when the server stops.
        shift: Called with the traffic of each step.
        report_stage: Called with the stage of the new variants, such as `Baking`.
    """

    plan: Plan
    blue: Fleet | None
    green: Fleet
    alarms: Alarms
    closed: threading.Event
    shift: Callable[[Traffic], None]
    report_stage: Callable[[str], None]

    def run(self) -> None:
        """Return when the new fleet has all traffic and the old one can be stopped.

        Raises:
            JobFailure: An alarm is in the state ALARM, the new fleet is not healthy, or the
                update takes too long. The traffic stays as it is.
            FleetClosed: The server stops.
        """
        deadline = time.monotonic() + self.plan.timeout
        for share in self.plan.shares if self.blue else (1.0,):
            self.report_stage("ActivatingTraffic")
            self.shift(Traffic(self.blue, self.green, share))
            if self.plan.wait:
                self.report_stage("Baking")
            self._watch(self.plan.wait, deadline)
        self._watch(self.plan.termination_wait, deadline)

    def _watch(self, seconds: float, deadline: float) -> None:
        """Check the alarms and the fleet for so many seconds."""
        until = time.monotonic() + seconds
        while True:
            self._check(deadline)
            left = until - time.monotonic()
            if self.closed.wait(max(0.0, min(_CHECK_INTERVAL, left))):
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
                f"The deployment took longer than {self.plan.timeout:.0f} seconds "
                "(MaximumExecutionTimeoutInSeconds)."
            )

"""Life cycle of an endpoint: create, update with rollback, rescale, delete."""

import logging
import threading
import time
from typing import Any

from include.local_aws.endpoints.concurrency import FleetClosed
from include.local_aws.endpoints.fleet import Fleet
from include.local_aws.endpoints.plan import Plan
from include.local_aws.endpoints.rollout import Rollout
from include.local_aws.endpoints.summary import pending, variant_summary
from include.local_aws.endpoints.traffic import Traffic
from include.local_aws.errors import JobFailure
from include.local_aws.runtime import Runtime
from include.local_aws.store import Body

_log = logging.getLogger(__name__)
KIND = "endpoint"


class Endpoint:
    """Brings the fleets of an endpoint to the state in the store.

    The API writes the store first. Each change then runs in a thread, one at a time, and raises
    FleetClosed if the server stops meanwhile. `traffic` selects the instance of a request.
    """

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self._name = name
        self._live: set[Fleet] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.traffic = Traffic(None)

    def create(self) -> None:
        """Start the fleet of an endpoint whose status is Creating."""
        try:
            fleet = self._start_fleet(self._body())
        except JobFailure as failure:
            self._fail(str(failure))
            return
        self.traffic = Traffic(fleet)
        self._settle()

    def update(self) -> None:
        """Update an endpoint whose status is Updating to its `_next` configuration."""
        new, blue = self._body()["_next"], self.traffic.fleet
        green: Fleet | None = None
        try:
            green = self._start_fleet(new)
            self._roll_out(new, blue, green)
        except FleetClosed:
            raise
        except Exception as failure:
            self._roll_back(failure, blue, green)
            return
        self.traffic = Traffic(green)
        self._runtime.store.update(KIND, self._name, lambda body: _adopt(body, new))
        self._retire(blue)

    def rescale(self) -> None:
        """Change the fleet to the weights and instance counts of `_next`."""
        new, fleet = self._body()["_next"], self.traffic.fleet
        try:
            if fleet is None:
                raise JobFailure("No instance of the endpoint is running.")
            fleet.rescale(new["_variants"])
        except JobFailure as failure:
            self._roll_back(failure, fleet, None)
            return
        self._runtime.store.update(KIND, self._name, lambda body: _adopt(body, new))

    def delete(self) -> None:
        """Stop the fleet of an endpoint whose status is Deleting, then delete its record."""
        fleet, self.traffic = self.traffic.fleet, Traffic(None)
        self._retire(fleet)
        self._runtime.store.delete(KIND, self._name, self._body()["EndpointArn"])

    def restore(self) -> None:
        """Start the fleet after a restart of the server, and resume an interrupted change."""
        body = self._body()
        if body["EndpointStatus"] == "Creating":
            self.create()
            return
        self._set(EndpointStatus="SystemUpdating")
        try:
            self.traffic = Traffic(self._start_fleet(body))
        except JobFailure as failure:
            if not body.get("_next"):
                self._fail(str(failure))
                return
        if body.get("_next"):
            self._set(EndpointStatus="Updating")
            (self.rescale if body["_next"].get("_in_place") else self.update)()
        else:
            self._settle()

    def fail(self, error: Exception) -> None:
        """Record an internal error of the server."""
        self._fail(f"InternalServerError: {type(error).__name__}: {error}")

    def close(self) -> None:
        """Stop all fleets with a short grace period, because the server stops."""
        with self._lock:
            self._closed.set()
            fleets = list(self._live)
        for fleet in fleets:
            fleet.stop(grace=2)

    def _start_fleet(self, deployment: Body) -> Fleet:
        """Start the fleet of a configuration; return it without traffic, or raise JobFailure."""
        fleet = Fleet(
            self._runtime,
            self._name,
            deployment["EndpointConfigName"],
            deployment["_variants"],
        )
        with self._lock:
            if self._closed.is_set():
                raise FleetClosed
            self._live.add(fleet)
        try:
            fleet.start()
        except BaseException:
            with self._lock:
                self._live.discard(fleet)
            raise
        return fleet

    def _retire(self, fleet: Fleet | None) -> None:
        if fleet is not None:
            fleet.retire()
            with self._lock:
                self._live.discard(fleet)

    def _roll_out(self, new: Body, blue: Fleet | None, green: Fleet) -> None:
        Rollout(
            Plan.from_config(new.get("_deployment_config"), new["_variants"]),
            blue,
            green,
            self._runtime.alarms,
            self._closed,
            self._shift,
            lambda stage: self._set(PendingDeploymentSummary=pending(new, stage)),
        ).run()

    def _shift(self, traffic: Traffic) -> None:
        self.traffic = traffic

    def _roll_back(self, failure: Exception, blue: Fleet | None, green: Fleet | None) -> None:
        """Route all traffic to the old fleet, which still runs."""
        self.traffic = Traffic(blue)
        if not isinstance(failure, JobFailure):
            _log.error("endpoint %s failed inside the server", self._name, exc_info=failure)
        cause = (
            str(failure) if isinstance(failure, JobFailure) else f"InternalServerError: {failure}"
        )
        reason = f"{cause} The endpoint was rolled back to its previous configuration."
        self._set(EndpointStatus="RollingBack", FailureReason=reason[:1024], _next=None)
        self._retire(green)
        self._settle("InService" if blue else "UpdateRollbackFailed")

    def _settle(self, status: str = "InService") -> None:
        def settled(body: Body) -> None:
            body["EndpointStatus"] = status
            body["ProductionVariants"] = [variant_summary(variant) for variant in body["_variants"]]
            body.pop("PendingDeploymentSummary", None)

        self._runtime.store.update(KIND, self._name, settled)

    def _fail(self, reason: str) -> None:
        self._set(FailureReason=reason[:1024])
        self._settle("Failed")

    def _body(self) -> Body:
        body = self._runtime.store.get(KIND, self._name)
        assert body is not None, f"endpoint {self._name} was deleted from the store during a change"
        return body

    def _set(self, **fields: Any) -> None:
        self._runtime.store.set(KIND, self._name, **fields)


def _adopt(body: Body, new: Body) -> None:
    body.update(new, EndpointStatus="InService", _next=None, _deployed=time.time())
    for field in ("FailureReason", "PendingDeploymentSummary"):
        body.pop(field, None)

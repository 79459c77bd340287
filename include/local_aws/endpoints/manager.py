"""Endpoints over time: created, updated with a way back, deleted, and revived at a start."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

from include.local_aws.endpoints.fleet import Fleet, FleetClosed, Instance
from include.local_aws.endpoints.models import resolve
from include.local_aws.endpoints.server_process import HEALTH_PATIENCE
from include.local_aws.errors import JobFailure
from include.local_aws.services import Machine
from include.local_aws.store import Body

_log = logging.getLogger(__name__)
KIND = "endpoint"
IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class EndpointManager:
    """Brings the fleets to what the store says of the endpoints.

    The store is written first; each change then runs in a thread of its own. A fleet that
    takes requests is in `_fleets`, whatever else is being started.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._fleets: dict[str, Fleet] = {}
        self._starting: dict[str, Fleet] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def variants(self, config: Body) -> list[dict[str, Any]]:
        """A configuration's variants with their models resolved, as the store keeps them.

        What an endpoint serves does not change when a model is deleted afterwards.
        """
        return [
            {
                "name": variant["VariantName"],
                "weight": variant.get("InitialVariantWeight", 1.0),
                "count": variant.get("InitialInstanceCount", 1),
                "patience": variant.get(
                    "ContainerStartupHealthCheckTimeoutInSeconds", HEALTH_PATIENCE
                ),
                "model": resolve(self._machine.store, variant["ModelName"]).saved(),
            }
            for variant in config["ProductionVariants"]
        ]

    def create(self, name: str) -> None:
        """Start the fleet of an endpoint that the store has as Creating."""
        self._spawn(self._create, name)

    def update(self, name: str) -> None:
        """Move an endpoint that the store has as Updating to its `_next` configuration."""
        self._spawn(self._update, name)

    def delete(self, name: str) -> None:
        """Stop the fleet of an endpoint that the store has as Deleting, then forget it."""
        self._spawn(self._delete, name)

    @contextlib.contextmanager
    def picked(self, name: str, variant: str | None) -> Iterator[Instance | None]:
        """The process that takes a request, for as long; None when no healthy one is there."""
        fleet, instance = self._pick(name, variant)
        try:
            yield instance
        finally:
            if fleet is not None and instance is not None:
                fleet.done(instance)

    def _pick(self, name: str, variant: str | None) -> tuple[Fleet | None, Instance | None]:
        while True:
            fleet = self._fleets.get(name)
            instance = fleet.pick(variant) if fleet else None
            # A fleet that was replaced meanwhile refuses: ask the one that replaced it.
            if instance is not None or self._fleets.get(name) is fleet:
                return fleet, instance

    def revive(self) -> None:
        """Bring back what the last server left: called once, at the start."""
        for body in self._machine.store.every(KIND):
            name, status = body["EndpointName"], body["EndpointStatus"]
            if status == "Deleting":
                self.delete(name)
            elif status != "Failed":
                self._spawn(self._revive, name)

    def close(self) -> None:
        """Stop all fleets, with little patience: the server ends."""
        with self._lock:
            self._closed = True
            fleets = [*self._fleets.values(), *self._starting.values()]
        for fleet in fleets:
            fleet.stop(grace=2)
        for thread in self._threads:
            thread.join()

    def _spawn(self, change: Any, name: str) -> None:
        thread = threading.Thread(
            target=self._guarded, args=(change, name), name=f"endpoint-{name}"
        )
        with self._lock:
            if self._closed:
                return
            self._threads = [t for t in self._threads if t.is_alive()] + [thread]
            thread.start()

    def _guarded(self, change: Any, name: str) -> None:
        try:
            change(name)
        except FleetClosed:
            return
        except Exception as error:
            _log.exception("endpoint %s failed inside the server", name)
            self._set(
                name,
                EndpointStatus="Failed",
                FailureReason=f"InternalServerError: {type(error).__name__}: {error}"[:1024],
            )

    def _create(self, name: str) -> None:
        try:
            self._deploy(name, self._body(name)["_variants"])
        except JobFailure as failure:
            self._set(name, EndpointStatus="Failed", FailureReason=str(failure)[:1024])
            return
        self._set(name, EndpointStatus="InService")

    def _update(self, name: str) -> None:
        new = self._body(name)["_next"]
        try:
            replaced = self._deploy(name, new["_variants"])
        except JobFailure as failure:
            self._roll_back(name, failure)
            return
        self._machine.store.update(KIND, name, lambda body: _adopt(body, new))
        if replaced is not None:
            replaced.retire()

    def _roll_back(self, name: str, failure: JobFailure) -> None:
        """The new fleet is gone; the old one has served all the while and stays."""
        self._set(name, EndpointStatus="RollingBack")
        reason = f"{failure} The endpoint was rolled back to its previous configuration."
        status = "InService" if name in self._fleets else "UpdateRollbackFailed"
        self._set(name, EndpointStatus=status, FailureReason=reason[:1024], _next=None)

    def _delete(self, name: str) -> None:
        with self._lock:
            fleet = self._fleets.pop(name, None)
        if fleet is not None:
            fleet.retire()
        arn = self._body(name)["EndpointArn"]
        self._machine.store.delete(KIND, name, arn)

    def _revive(self, name: str) -> None:
        """Start what the endpoint served; go on with an update that was under way."""
        body = self._body(name)
        if body["EndpointStatus"] == "Creating":
            self._create(name)
            return
        self._set(name, EndpointStatus="SystemUpdating")
        try:
            self._deploy(name, body["_variants"])
        except JobFailure as failure:
            if not body.get("_next"):
                self._set(name, EndpointStatus="Failed", FailureReason=str(failure)[:1024])
                return
        if body.get("_next"):
            self._set(name, EndpointStatus="Updating")
            self._update(name)
        else:
            self._set(name, EndpointStatus="InService")

    def _deploy(self, name: str, variants: list[dict[str, Any]]) -> Fleet | None:
        """Start a fleet and give it the traffic; returns the one that it replaces.

        Raises:
            JobFailure: it does not become healthy; the old one keeps the traffic.
            FleetClosed: the server ends.
        """
        fleet = Fleet(self._machine, name, variants)
        with self._lock:
            if self._closed:
                raise FleetClosed
            self._starting[name] = fleet
        try:
            fleet.start()
        except BaseException:
            with self._lock:
                del self._starting[name]
            raise
        with self._lock:  # in one step, so that `close` finds it in one place or the other
            del self._starting[name]
            replaced = self._fleets.get(name)
            self._fleets[name] = fleet
        return replaced

    def _body(self, name: str) -> Body:
        body = self._machine.store.get(KIND, name)
        assert body is not None, f"endpoint {name} left the store while it changed"
        return body

    def _set(self, name: str, **fields: Any) -> None:
        self._machine.store.set(KIND, name, **fields)


def _adopt(body: Body, new: Body) -> None:
    body.update(new, EndpointStatus="InService", _next=None, _deployed=time.time())
    body.pop("FailureReason", None)

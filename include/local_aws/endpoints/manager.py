"""All endpoints: their changes in threads of their own, and who takes a request."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from include.local_aws.containers.model_container import resolve
from include.local_aws.containers.server_process import HEALTH_TIMEOUT
from include.local_aws.endpoints.concurrency import FleetClosed
from include.local_aws.endpoints.endpoint import KIND, Endpoint
from include.local_aws.endpoints.instance import Instance
from include.local_aws.runtime import Runtime
from include.local_aws.store import Body

_log = logging.getLogger(__name__)
IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class EndpointManager:
    """Starts the changes that the store has been told of, and finds who takes a request."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._endpoints: dict[str, Endpoint] = {}
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
                    "ContainerStartupHealthCheckTimeoutInSeconds", HEALTH_TIMEOUT
                ),
                "model": resolve(self._runtime.store, variant["ModelName"]).saved(),
            }
            for variant in config["ProductionVariants"]
        ]

    def create(self, name: str) -> None:
        """Start the fleet of an endpoint that the store has as Creating."""
        self._spawn(Endpoint.create, name)

    def update(self, name: str) -> None:
        """Move an endpoint that the store has as Updating to its `_next` configuration."""
        self._spawn(Endpoint.update, name)

    def rescale(self, name: str) -> None:
        """Bring an endpoint that the store has as Updating to the weights and counts of `_next`."""
        self._spawn(Endpoint.rescale, name)

    def delete(self, name: str) -> None:
        """Stop the fleet of an endpoint that the store has as Deleting, then forget it."""
        self._spawn(Endpoint.delete, name)

    @contextlib.contextmanager
    def picked(self, name: str, variant: str | None) -> Iterator[Instance | None]:
        """The process that takes a request, for as long; None when no healthy one is there."""
        found = self._pick(name, variant)
        try:
            yield found[1] if found else None
        finally:
            if found:
                found[0].done(found[1])

    def _pick(self, name: str, variant: str | None) -> Any:
        endpoint = self._endpoints.get(name)
        while endpoint is not None:
            traffic = endpoint.traffic
            found = traffic.pick(variant)
            # A fleet that was replaced meanwhile refuses: ask the one that replaced it.
            if found is not None or endpoint.traffic is traffic:
                return found
        return None

    def revive(self) -> None:
        """Bring back what the last server left: called once, at the start."""
        for body in self._runtime.store.list_all(KIND):
            name, status = body["EndpointName"], body["EndpointStatus"]
            if status == "Deleting":
                self.delete(name)
            elif status != "Failed":
                self._spawn(Endpoint.revive, name)

    def close(self) -> None:
        """Stop all fleets, with little patience: the server ends."""
        with self._lock:
            self._closed = True
            endpoints = list(self._endpoints.values())
        for endpoint in endpoints:
            endpoint.close()
        for thread in self._threads:
            thread.join()

    def _spawn(self, change: Callable[[Endpoint], None], name: str) -> None:
        with self._lock:
            if self._closed:
                return
            endpoint = self._endpoints.setdefault(name, Endpoint(self._runtime, name))
            thread = threading.Thread(
                target=_guarded, args=(change, endpoint, name), name=f"endpoint-{name}"
            )
            self._threads = [t for t in self._threads if t.is_alive()] + [thread]
            thread.start()


def _guarded(change: Callable[[Endpoint], None], endpoint: Endpoint, name: str) -> None:
    try:
        change(endpoint)
    except FleetClosed:
        return
    except Exception as error:
        _log.exception("endpoint %s failed inside the server", name)
        endpoint.fail(error)

"""All endpoints: runs their changes in threads, and selects instances for requests."""

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
    """Starts the changes that the API has written to the store, and selects instances."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._endpoints: dict[str, Endpoint] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def variants(self, config: Body) -> list[dict[str, Any]]:
        """Return a configuration's variants with their models, in the form for the store.

        The endpoint keeps serving the models even if they are deleted afterwards.
        """
        return [
            {
                "name": variant["VariantName"],
                "weight": variant.get("InitialVariantWeight", 1.0),
                "count": variant.get("InitialInstanceCount", 1),
                "startup_timeout": variant.get(
                    "ContainerStartupHealthCheckTimeoutInSeconds", HEALTH_TIMEOUT
                ),
                "model": resolve(self._runtime.store, variant["ModelName"]).saved(),
            }
            for variant in config["ProductionVariants"]
        ]

    def create(self, name: str) -> None:
        """Start the fleet of an endpoint whose status is Creating."""
        self._spawn(Endpoint.create, name)

    def update(self, name: str) -> None:
        """Update an endpoint whose status is Updating to its `_next` configuration."""
        self._spawn(Endpoint.update, name)

    def rescale(self, name: str) -> None:
        """Change an endpoint to the weights and instance counts of `_next`."""
        self._spawn(Endpoint.rescale, name)

    def delete(self, name: str) -> None:
        """Stop the fleet of an endpoint whose status is Deleting, then delete its record."""
        self._spawn(Endpoint.delete, name)

    @contextlib.contextmanager
    def reserve_instance(self, name: str, variant: str | None) -> Iterator[Instance | None]:
        """Context manager: the instance for a request, or None if no instance is healthy."""
        found = self._pick(name, variant)
        try:
            yield found[1] if found else None
        finally:
            if found:
                found[0].release(found[1])

    def _pick(self, name: str, variant: str | None) -> Any:
        endpoint = self._endpoints.get(name)
        while endpoint is not None:
            traffic = endpoint.traffic
            found = traffic.pick(variant)
            # A retired fleet returns None: ask the fleet that replaced it.
            if found is not None or endpoint.traffic is traffic:
                return found
        return None

    def restore(self) -> None:
        """Restore all endpoints after a restart of the server; called once."""
        for body in self._runtime.store.list_all(KIND):
            name, status = body["EndpointName"], body["EndpointStatus"]
            if status == "Deleting":
                self.delete(name)
            elif status != "Failed":
                self._spawn(Endpoint.restore, name)

    def close(self) -> None:
        """Stop all fleets with a short grace period, because the server stops."""
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

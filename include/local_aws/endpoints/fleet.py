"""The instances that serve an endpoint configuration."""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from include.local_aws.containers.server_process import STOP_GRACE
from include.local_aws.endpoints.concurrency import FleetClosed, run_concurrently, start_instances
from include.local_aws.endpoints.instance import Instance, make_instance
from include.local_aws.errors import JobFailure
from include.local_aws.runtime import Runtime

_log = logging.getLogger(__name__)
_MAX_RESTART_DELAY = 30.0
_REQUEST_TIMEOUT = 60.0


class Fleet:
    """All instances of the variants of a configuration.

    Args:
        runtime: The state, data, images, logs and metrics.
        endpoint: The endpoint's name.
        config: The configuration's name.
        variants: `{"name", "weight", "count", "startup_timeout", "model": {...}}` for each
            variant; an instance must become healthy within `startup_timeout` seconds.
    """

    def __init__(
        self, runtime: Runtime, endpoint: str, config: str, variants: list[dict[str, Any]]
    ) -> None:
        self._runtime = runtime
        self._endpoint = endpoint
        self._config = config
        self._weights = _weights(variants)
        self._closed = threading.Event()
        self._retired = False
        self._lock = threading.Lock()
        self._instances = self._new_instances(variants, {})
        self._watcher = threading.Thread(target=self._watch, name=f"fleet-{endpoint}")

    def start(self) -> None:
        """Start all instances and return when all are healthy.

        Raises:
            JobFailure: An instance is not healthy. All instances are stopped.
            FleetClosed: `stop` was called meanwhile.
        """
        self._start(self._instances)
        with self._lock:
            if self._closed.is_set():
                raise FleetClosed
            self._watcher.start()

    def rescale(self, variants: list[dict[str, Any]]) -> None:
        """Change weights and instance counts of the variants while the fleet serves requests.

        Raises:
            JobFailure: A new instance is not healthy. The fleet is unchanged.
            FleetClosed: `stop` was called meanwhile.
        """
        wanted = {variant["name"]: variant["count"] for variant in variants}
        new = self._new_instances(variants, Counter(i.variant for i in self._instances))
        self._start(new)
        with self._lock:
            surplus = [i for i in self._instances if i.number > wanted[i.variant]]
            self._instances = [i for i in self._instances if i not in surplus] + new
            self._weights = _weights(variants)
            if self._closed.is_set():
                surplus += new
        for instance in surplus:
            instance.healthy = False
        self._drain(surplus)
        run_concurrently(lambda i: i.server.stop(STOP_GRACE), surplus)

    def retire(self) -> None:
        """Reject new requests, finish those in flight, then stop."""
        with self._lock:
            self._retired = True
        self._drain(self._instances)
        self.stop()

    def stop(self, grace: float = STOP_GRACE) -> None:
        """Stop all instances and the thread that watches them."""
        with self._lock:
            self._closed.set()
        run_concurrently(lambda i: i.server.stop(grace), self._instances)
        if self._watcher.is_alive():
            self._watcher.join()

    def unhealthy(self) -> str | None:
        """Return the variant of an instance that is not healthy, or None."""
        return next((i.variant for i in self._instances if not i.healthy), None)

    def pick(self, variant: str | None = None) -> Instance | None:
        """Choose a healthy instance for a request, of the given variant or by weight.

        The caller must call `release` when the request is finished.
        """
        healthy = [i for i in self._instances if i.healthy]
        names = sorted({i.variant for i in healthy})
        if variant is None and names:
            weights = [self._weights[name] for name in names]
            variant = random.choices(names, weights if sum(weights) else None)[0]
        candidates = [i for i in healthy if i.variant == variant]
        if not candidates:
            return None
        with self._lock:
            if self._retired:
                return None
            chosen = min(candidates, key=lambda i: i.turns)
            chosen.turns += 1
            chosen.in_flight += 1
        return chosen

    def release(self, instance: Instance) -> None:
        """End a request for which `pick` chose the instance."""
        with self._lock:
            instance.in_flight -= 1

    def _new_instances(
        self, variants: list[dict[str, Any]], existing: Mapping[str, int]
    ) -> list[Instance]:
        """Return instances that the variants need in addition to the existing counts."""
        return [
            make_instance(self._runtime, self._endpoint, self._config, variant, number)
            for variant in variants
            for number in range(existing.get(variant["name"], 0) + 1, variant["count"] + 1)
        ]

    def _start(self, instances: Sequence[Instance]) -> None:
        def check() -> None:
            if self._closed.is_set():
                raise FleetClosed

        start_instances(instances, check)
        for instance in instances:
            self._admit(instance)

    def _admit(self, instance: Instance) -> None:
        """Include a healthy instance in the rotation, without giving it missed turns."""
        with self._lock:
            peers = [i.turns for i in self._instances if i.variant == instance.variant]
            instance.turns = max([instance.turns, *peers])
            instance.healthy = True

    def _drain(self, instances: Collection[Instance]) -> None:
        deadline = time.monotonic() + _REQUEST_TIMEOUT
        while any(i.in_flight for i in instances) and time.monotonic() < deadline:
            if self._closed.wait(0.05):
                return

    def _watch(self) -> None:
        """Restart instances that have ended or hang, with a growing delay between restarts."""
        delay = 0.0
        while not self._closed.wait(0.2 + delay):
            now = time.monotonic()
            failed = [i for i in self._instances if not i.server.alive or i.is_hung(now)]
            delay = min(_MAX_RESTART_DELAY, delay * 2 + 1) if failed else 0.0
            for instance in failed:
                self._restart(instance)

    def _restart(self, instance: Instance) -> None:
        instance.healthy = False
        state = "hangs" if instance.server.alive else "has ended"
        _log.warning("an instance of variant %s %s: restarting it", instance.variant, state)

        def check() -> None:
            if self._closed.is_set() or instance not in self._instances:
                raise FleetClosed

        try:
            instance.server.restart(check)
        except JobFailure as failure:
            _log.warning("%s", failure)
        except FleetClosed:
            return
        else:
            instance.reset_pings()
            self._admit(instance)


def _weights(variants: list[dict[str, Any]]) -> dict[str, float]:
    return {variant["name"]: variant["weight"] for variant in variants}

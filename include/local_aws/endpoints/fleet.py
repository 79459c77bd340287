"""The processes that serve one endpoint configuration."""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from include.local_aws.containers.server_process import STOP_GRACE
from include.local_aws.endpoints.concurrency import FleetClosed, all_at_once, start_together
from include.local_aws.endpoints.instance import Instance, make_instance
from include.local_aws.errors import JobFailure
from include.local_aws.runtime import Runtime

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 30.0
_LONGEST_REQUEST = 60.0


class Fleet:
    """All instances of all variants of one configuration.

    Args:
        runtime: The state, data, images, logs and metrics.
        endpoint: the endpoint's name.
        config: the configuration's name.
        variants: `{"name", "weight", "count", "patience", "model": {...}}`, one a variant;
            patience is the seconds within which an instance must become healthy.
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
        self._instances = self._made(variants, {})
        self._watcher = threading.Thread(target=self._watch, name=f"fleet-{endpoint}")

    def start(self) -> None:
        """Start all instances and return when every one is healthy.

        Raises:
            JobFailure: one is not; none runs then.
            FleetClosed: `stop` was called meanwhile.
        """
        self._start(self._instances)
        with self._lock:
            if self._closed.is_set():
                raise FleetClosed
            self._watcher.start()

    def rescale(self, variants: list[dict[str, Any]]) -> None:
        """Bring the same variants to other weights and counts; all the while requests are taken.

        Raises:
            JobFailure: a new instance is not healthy; all is as before then.
            FleetClosed: `stop` was called meanwhile.
        """
        wanted = {variant["name"]: variant["count"] for variant in variants}
        new = self._made(variants, Counter(i.variant for i in self._instances))
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
        all_at_once(lambda i: i.server.stop(STOP_GRACE), surplus)

    def retire(self) -> None:
        """Take no new request, answer those at hand, then stop."""
        with self._lock:
            self._retired = True
        self._drain(self._instances)
        self.stop()

    def stop(self, grace: float = STOP_GRACE) -> None:
        """Stop all instances and the watch over them."""
        with self._lock:
            self._closed.set()
        all_at_once(lambda i: i.server.stop(grace), self._instances)
        if self._watcher.is_alive():
            self._watcher.join()

    def unhealthy(self) -> str | None:
        """The variant of an instance that takes no requests, if there is one."""
        return next((i.variant for i in self._instances if not i.healthy), None)

    def pick(self, variant: str | None = None) -> Instance | None:
        """The healthy instance that takes the next request, of this variant or by weight.

        The request is at hand until it is handed back to `done`.
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

    def done(self, instance: Instance) -> None:
        """The request that `pick` gave the instance has been answered, or never will be."""
        with self._lock:
            instance.in_flight -= 1

    def _made(self, variants: list[dict[str, Any]], have: Mapping[str, int]) -> list[Instance]:
        """The instances that these variants have beyond so many that are there."""
        return [
            make_instance(self._runtime, self._endpoint, self._config, variant, number)
            for variant in variants
            for number in range(have.get(variant["name"], 0) + 1, variant["count"] + 1)
        ]

    def _start(self, instances: Sequence[Instance]) -> None:
        def check() -> None:
            if self._closed.is_set():
                raise FleetClosed

        start_together(instances, check)
        for instance in instances:
            self._admit(instance)

    def _admit(self, instance: Instance) -> None:
        """Let it take its turns from now on, without making up for those that it missed."""
        with self._lock:
            peers = [i.turns for i in self._instances if i.variant == instance.variant]
            instance.turns = max([instance.turns, *peers])
            instance.healthy = True

    def _drain(self, instances: Collection[Instance]) -> None:
        deadline = time.monotonic() + _LONGEST_REQUEST
        while any(i.in_flight for i in instances) and time.monotonic() < deadline:
            if self._closed.wait(0.05):
                return

    def _watch(self) -> None:
        """Start a process that has died or hangs again, after a pause that grows the while."""
        pause = 0.0
        while not self._closed.wait(0.2 + pause):
            now = time.monotonic()
            lost = [i for i in self._instances if not i.server.alive or i.is_hung(now)]
            pause = min(_LONGEST_PAUSE, pause * 2 + 1) if lost else 0.0
            for instance in lost:
                self._revive(instance)

    def _revive(self, instance: Instance) -> None:
        instance.healthy = False
        state = "hangs" if instance.server.alive else "has died"
        _log.warning("a process of variant %s %s: starting it again", instance.variant, state)

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
            instance.forget_pings()
            self._admit(instance)


def _weights(variants: list[dict[str, Any]]) -> dict[str, float]:
    return {variant["name"]: variant["weight"] for variant in variants}

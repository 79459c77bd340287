"""The processes that serve one endpoint configuration."""

import itertools
import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from include.local_aws.endpoints.models import ModelContainer
from include.local_aws.endpoints.server_process import STOP_GRACE, ServerProcess
from include.local_aws.errors import JobFailure
from include.local_aws.services import Machine

_log = logging.getLogger(__name__)
_numbers = itertools.count(1)
_LONGEST_PAUSE = 30.0
_LONGEST_REQUEST = 60.0


class FleetClosed(Exception):
    """The fleet was stopped while it started."""


@dataclass
class Instance:
    """One process of a variant, whether it takes requests, and how many it has at hand."""

    variant: str
    server: ServerProcess
    patience: float
    healthy: bool = False
    turns: int = 0
    in_flight: int = 0


class Fleet:
    """All instances of all variants of one configuration.

    Args:
        machine: what they run on.
        endpoint: the endpoint's name.
        variants: `{"name", "weight", "count", "patience", "model": {...}}`, one a variant;
            patience is the seconds within which an instance must become healthy.
    """

    def __init__(self, machine: Machine, endpoint: str, variants: list[dict[str, Any]]) -> None:
        self._weights = {variant["name"]: variant["weight"] for variant in variants}
        self._closed = threading.Event()
        self._retired = False
        self._lock = threading.Lock()
        self._instances = [
            _instance(machine, endpoint, variant, number)
            for variant in variants
            for number in range(1, variant["count"] + 1)
        ]
        self._watcher = threading.Thread(target=self._watch, name=f"fleet-{endpoint}")

    def start(self) -> None:
        """Start all instances and return when every one is healthy.

        Raises:
            JobFailure: one is not; none runs then.
            FleetClosed: `stop` was called meanwhile.
        """
        with ThreadPoolExecutor(len(self._instances)) as pool:
            failures = [f for f in pool.map(self._start_one, self._instances) if f]
        if failures:
            self._stop_instances(grace=0)
            reasons = [f for f in failures if not isinstance(f, FleetClosed)]
            raise (reasons or failures)[0]
        for instance in self._instances:
            instance.healthy = True
        with self._lock:
            if self._closed.is_set():
                raise FleetClosed
            self._watcher.start()

    def retire(self) -> None:
        """Take no new request, answer those at hand, then stop."""
        with self._lock:
            self._retired = True
        deadline = time.monotonic() + _LONGEST_REQUEST
        while any(i.in_flight for i in self._instances) and time.monotonic() < deadline:
            if self._closed.wait(0.05):
                break
        self.stop()

    def stop(self, grace: float = STOP_GRACE) -> None:
        """Stop all instances and the watch over them."""
        with self._lock:
            self._closed.set()
        self._stop_instances(grace)
        if self._watcher.is_alive():
            self._watcher.join()

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
        """The request that `pick` gave the instance has been answered."""
        with self._lock:
            instance.in_flight -= 1

    def _start_one(self, instance: Instance) -> Exception | None:
        """Start one instance; a failure, which is returned, ends the start of the others."""
        try:
            instance.server.start(self._check, instance.patience)
        except Exception as error:
            self._closed.set()
            return error
        return None

    def _check(self) -> None:
        if self._closed.is_set():
            raise FleetClosed

    def _stop_instances(self, grace: float) -> None:
        with ThreadPoolExecutor(len(self._instances)) as pool:
            list(pool.map(lambda i: i.server.stop(grace), self._instances))

    def _watch(self) -> None:
        """Start a process that has died again, after a pause that grows while it keeps dying."""
        pause = 0.0
        while not self._closed.wait(0.2 + pause):
            dead = [i for i in self._instances if not i.server.alive]
            pause = min(_LONGEST_PAUSE, pause * 2 + 1) if dead else 0.0
            for instance in dead:
                self._revive(instance)

    def _revive(self, instance: Instance) -> None:
        instance.healthy = False
        _log.warning("a process of variant %s has died: starting it again", instance.variant)
        try:
            instance.server.restart(self._check)
            instance.healthy = True
        except JobFailure as failure:
            _log.warning("%s", failure)
        except FleetClosed:
            return


def _instance(machine: Machine, endpoint: str, variant: dict[str, Any], number: int) -> Instance:
    unique = f"{endpoint}-{next(_numbers)}"
    log = machine.logs.new_stream(
        f"/aws/sagemaker/Endpoints/{endpoint}", f"{variant['name']}/i-{number}"
    )
    server = ServerProcess(
        machine,
        ModelContainer(**variant["model"]),
        machine.settings.work / "endpoints" / unique,
        log,
    )
    return Instance(variant["name"], server, variant["patience"])

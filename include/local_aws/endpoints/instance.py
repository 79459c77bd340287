"""One process of a variant, and whether it takes requests."""

import itertools
from dataclasses import dataclass
from typing import Any

from include.local_aws.containers.model_container import ModelContainer
from include.local_aws.containers.server_process import ServerProcess
from include.local_aws.observability.cloudwatch.metrics import Meter
from include.local_aws.observability.logs import endpoint_group
from include.local_aws.runtime import Runtime

_numbers = itertools.count(1)
_PING_EVERY = 5.0  # seconds, as on SageMaker
_PINGS = 3


@dataclass(eq=False)
class Instance:
    """A process, whether it takes requests, and how many it has at hand."""

    variant: str
    number: int
    server: ServerProcess
    patience: float
    meter: Meter
    healthy: bool = False
    turns: int = 0
    in_flight: int = 0
    answered: int = 0
    _pinged: float = 0.0
    _missed: int = 0
    _answered_then: int = 0

    def is_hung(self, now: float) -> bool:
        """Whether it answers nothing any more; pings it when a ping is due.

        Three pings in a row must fail, and no request must have been answered since the first:
        a process that is merely busy is left alone.
        """
        if now - self._pinged < _PING_EVERY:
            return False
        self._pinged = now
        if self.server.ping() or self.answered != self._answered_then:
            self._missed, self._answered_then = 0, self.answered
        else:
            self._missed += 1
        return self._missed >= _PINGS

    def forget_pings(self) -> None:
        """Begin anew: the process was started again."""
        self._missed, self._answered_then = 0, self.answered


def make_instance(
    runtime: Runtime, endpoint: str, config: str, variant: dict[str, Any], number: int
) -> Instance:
    """An instance that is still to be started, with a folder and a log stream of its own."""
    name = variant["name"]
    folder = runtime.settings.work / "endpoints" / f"{endpoint}-{next(_numbers)}"
    log = runtime.logs.new_stream(endpoint_group(endpoint), f"{name}/i-{number}")
    server = ServerProcess(runtime, ModelContainer(**variant["model"]), folder, log)
    meter = runtime.metrics.meter(endpoint, name, config)
    return Instance(name, number, server, variant["patience"], meter)

"""An instance of a variant: a model server process and its health."""

import itertools
from dataclasses import dataclass
from typing import Any

from include.local_aws.containers.model_container import ModelContainer
from include.local_aws.containers.server_process import ServerProcess
from include.local_aws.observability.cloudwatch.metrics import Meter
from include.local_aws.observability.logs import endpoint_group
from include.local_aws.runtime import Runtime

_numbers = itertools.count(1)
_PING_INTERVAL = 5.0  # seconds, as on SageMaker
_FAILED_PINGS = 3


@dataclass(eq=False)
class Instance:
    """A model server process.

    Attributes:
        variant: The variant's name.
        number: Number of the instance in its variant, from 1.
        server: The process.
        startup_timeout: Seconds within which it must become healthy.
        meter: Its CloudWatch metrics.
        healthy: Whether it receives requests.
        turns: How often it was chosen; instances are chosen in turn.
        in_flight: Number of unfinished requests.
        answered: Number of requests that it has answered.
    """

    variant: str
    number: int
    server: ServerProcess
    startup_timeout: float
    meter: Meter
    healthy: bool = False
    turns: int = 0
    in_flight: int = 0
    answered: int = 0
    _pinged: float = 0.0
    _failed_pings: int = 0
    _answered_at_ping: int = 0

    def is_hung(self, now: float) -> bool:
        """Return whether the process hangs; send a ping if one is due.

        It hangs if three pings in a row fail and no request was answered since the first of them.
        A busy process is not restarted.
        """
        if now - self._pinged < _PING_INTERVAL:
            return False
        self._pinged = now
        if self.server.ping() or self.answered != self._answered_at_ping:
            self._failed_pings, self._answered_at_ping = 0, self.answered
        else:
            self._failed_pings += 1
        return self._failed_pings >= _FAILED_PINGS

    def reset_pings(self) -> None:
        """Reset the count of failed pings after a restart."""
        self._failed_pings, self._answered_at_ping = 0, self.answered


def make_instance(
    runtime: Runtime, endpoint: str, config: str, variant: dict[str, Any], number: int
) -> Instance:
    """Return an instance that is not started yet, with its own folder and log stream."""
    name = variant["name"]
    folder = runtime.settings.work / "endpoints" / f"{endpoint}-{next(_numbers)}"
    log = runtime.logs.new_stream(endpoint_group(endpoint), f"{name}/i-{number}")
    server = ServerProcess(runtime, ModelContainer(**variant["model"]), folder, log)
    meter = runtime.metrics.meter(endpoint, name, config)
    return Instance(name, number, server, _startup_timeout(variant), meter)


def _startup_timeout(variant: dict[str, Any]) -> float:
    """Return the timeout; the key of earlier versions in the store is `patience`."""
    return float(
        variant["startup_timeout"] if "startup_timeout" in variant else variant["patience"]
    )

"""The loop that the triggers share: ask AWS, wait, ask again, and bear with it when it is away."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from sagemaker_jobs.aws_errors import Client, error_code, error_message, is_permanent, is_retryable

_FIRST_PAUSE = 0.5

Payload = dict[str, Any]


@dataclass(frozen=True)
class Connection:
    """How to reach AWS: the parameters that the provider's hooks share."""

    aws_conn_id: str | None = "aws_default"
    region_name: str | None = None
    verify: bool | str | None = None
    botocore_config: dict[str, Any] | None = None

    def hook_parameters(self) -> dict[str, Any]:
        """Return them as a hook's keyword arguments."""
        parameters = asdict(self)
        parameters["config"] = parameters.pop("botocore_config")
        return parameters


@dataclass(frozen=True)
class Pace:
    """How often to ask, and for how long.

    Attributes:
        poll_interval: The most seconds between two questions. At first they are fewer, so that the
            end of what is short is not found out long after it.
        deadline: When to give up, in seconds since the epoch: it holds over a triggerer's restart.
        outage_timeout: Seconds for which AWS may throttle or not answer at all.
    """

    poll_interval: float
    deadline: float
    outage_timeout: float = 120.0

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Pace":
        """Return the pace that a stored trigger holds.

        Triggers that an earlier version stored have `outage_timeout` as `patience`.
        """
        fields = dict(fields)
        if "patience" in fields:
            fields["outage_timeout"] = fields.pop("patience")
        return cls(**fields)

    def pause(self, waited: float) -> float:
        """Return for how many seconds to pause, having waited for so many."""
        return min(self.poll_interval, _FIRST_PAUSE + waited / 10)


class PollingTrigger(BaseTrigger):
    """Fires once, when `check` returns a payload, at the deadline, or when AWS stays away.

    The event's ``status`` is the payload's own, ``timeout`` or ``error``; the last has a
    ``message``, and ``permanent`` is true where a retry would meet the same error. The event never
    ends the task: that would skip asset events and retry policies.
    """

    def __init__(self, *, connection: dict[str, Any], pace: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.connection = Connection(**connection)
        self.pace = Pace.from_dict(pace)
        self._over = False

    @abstractmethod
    async def check(self, client: Client) -> Payload | None:
        """Ask once, and return the event's payload when there is nothing left to wait for."""

    @abstractmethod
    def context(self) -> Payload:
        """Return what every event carries, for the task that resumes."""

    def serialized_fields(self) -> dict[str, Any]:
        """Return the constructor's arguments of this class."""
        return {"connection": asdict(self.connection), "pace": asdict(self.pace)}

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the constructor's arguments."""
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}", self.serialized_fields()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fire one event."""
        payload = await self.watch()
        self._over = True
        yield TriggerEvent({**self.context(), **payload})  # type: ignore[no-untyped-call]

    async def watch(self) -> Payload:
        """Ask until there is something to tell."""
        async with await self.sagemaker() as client:
            begun = time.monotonic()
            trouble_since: float | None = None
            while True:
                try:
                    payload = await self.check(client)
                    if trouble_since is not None:
                        self.log.info("AWS answers again")
                        trouble_since = None
                except Exception as error:
                    trouble_since = trouble_since or time.monotonic()
                    payload = self._trouble(error, time.monotonic() - trouble_since)
                if payload is not None:
                    return payload
                if time.time() >= self.pace.deadline:
                    return {"status": "timeout"}
                await asyncio.sleep(self.pace.pause(time.monotonic() - begun))

    async def sagemaker(self) -> Client:
        """Return an async SageMaker client, to be entered."""
        from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook

        hook: Any = SageMakerHook
        return await hook(**self.connection.hook_parameters()).get_async_conn()

    def _trouble(self, error: Exception, seconds: float) -> Payload | None:
        told = f"{error_code(error) or type(error).__name__}: {error_message(error)}"
        if not is_retryable(error):
            if not error_code(error):
                raise error
            return {"status": "error", "message": told, "permanent": is_permanent(error)}
        if seconds > self.pace.outage_timeout:
            return {"status": "error", "message": f"no answer for {seconds:.0f} s: {told}"}
        self.log.warning("AWS does not answer, asking again: %s", told)
        return None

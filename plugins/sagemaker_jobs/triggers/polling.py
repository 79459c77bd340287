"""The polling loop that the triggers share: describe, wait, describe again, and survive outages."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from sagemaker_jobs.aws_errors import (
    Client,
    error_code,
    error_message,
    is_permanent,
    is_retryable,
)
from sagemaker_jobs.jobs.durations import format_duration

_FIRST_PAUSE = 0.5

Payload = dict[str, Any]


@dataclass(frozen=True)
class Connection:
    """How to connect to AWS: the parameters that the provider's hooks share."""

    aws_conn_id: str | None = "aws_default"
    region_name: str | None = None
    verify: bool | str | None = None
    botocore_config: dict[str, Any] | None = None

    def hook_parameters(self) -> dict[str, Any]:
        """Return the keyword arguments of a hook."""
        parameters = asdict(self)
        parameters["config"] = parameters.pop("botocore_config")
        return parameters


@dataclass(frozen=True)
class Pace:
    """How often to poll, and for how long.

    Attributes:
        poll_interval: The longest time between two polls in seconds. The first polls follow each
            other faster, so that the end of a short job is seen soon.
        deadline: When to give up, in seconds since the epoch, so that a restart of the triggerer
            does not move it.
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
        """Return the seconds until the next poll, given the seconds since the first."""
        return min(self.poll_interval, _FIRST_PAUSE + waited / 10)


class PollingTrigger(BaseTrigger):
    """Fires once: when `check` returns a payload, at the deadline, or when an outage is too long.

    The event's ``status`` is the one of the payload, ``timeout`` or ``error``. An ``error`` has a
    ``message``, and ``permanent`` is true if a retry would meet the same error. The event never
    ends the task itself, because that would skip asset events and retry policies.
    """

    def __init__(self, *, connection: dict[str, Any], pace: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.connection = Connection(**connection)
        self.pace = Pace.from_dict(pace)
        self._over = False

    @abstractmethod
    async def check(self, client: Client) -> Payload | None:
        """Poll once, and return the event's payload if the wait is over."""

    @abstractmethod
    def context(self) -> Payload:
        """Return the fields that every event has, for the task that resumes."""

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
        """Poll until the wait is over, and return the event's payload."""
        async with await self.sagemaker() as client:
            started = time.monotonic()
            outage_since: float | None = None
            while True:
                try:
                    payload = await self.check(client)
                    if outage_since is not None:
                        self.log.info("AWS answers again")
                        outage_since = None
                except Exception as error:
                    outage_since = outage_since or time.monotonic()
                    payload = self._handle(error, time.monotonic() - outage_since)
                if payload is not None:
                    return payload
                if time.time() >= self.pace.deadline:
                    return {"status": "timeout"}
                await asyncio.sleep(self.pace.pause(time.monotonic() - started))

    async def sagemaker(self) -> Client:
        """Return an async SageMaker client, as a context manager."""
        from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook

        hook: Any = SageMakerHook
        return await hook(**self.connection.hook_parameters()).get_async_conn()

    def _handle(self, error: Exception, outage: float) -> Payload | None:
        """Return the event for an error, or None if the next poll may succeed."""
        message = f"{error_code(error) or type(error).__name__}: {error_message(error)}"
        if not is_retryable(error):
            if not error_code(error):
                raise error
            return {"status": "error", "message": message, "permanent": is_permanent(error)}
        if outage > self.pace.outage_timeout:
            return {
                "status": "error",
                "message": f"AWS has not answered for {format_duration(outage)}: {message}",
            }
        self.log.warning("AWS does not answer, trying again: %s", message)
        return None

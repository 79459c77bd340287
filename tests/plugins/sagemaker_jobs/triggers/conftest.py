"""Triggers with scripted clients, and what they fire."""

import time
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from sagemaker_jobs.jobs.kinds import get_kind
from sagemaker_jobs.triggers.job import SageMakerJobTrigger
from tests.plugins.sagemaker_jobs.descriptions import training_job
from tests.plugins.sagemaker_jobs.fake_async import FakeAsyncClient

RUNNING, DONE = training_job("cars-1"), training_job("cars-1", "Completed")
UNREACHABLE = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def pace(**changes: float) -> dict[str, float]:
    return {"poll_interval": 0.0, "deadline": time.time() + 60, "outage_timeout": 60.0, **changes}


def job_trigger(
    monkeypatch: pytest.MonkeyPatch,
    client: FakeAsyncClient,
    logs: FakeAsyncClient | None = None,
    stall_after: float = 3600,
    log_pattern: str = get_kind("training").log_filter,
    **pace_changes: float,
) -> SageMakerJobTrigger:
    """Return the trigger of the training job cars-1, with scripted clients."""
    trigger = SageMakerJobTrigger(
        kind="training",
        job_name="cars-1",
        renewal=0,
        log_pattern=log_pattern,
        connection={},
        pace=pace(**pace_changes),
        stall_after=stall_after,
    )

    async def connect(answers: FakeAsyncClient) -> FakeAsyncClient:
        return answers

    monkeypatch.setattr(trigger, "sagemaker", lambda: connect(client))
    no_log = FakeAsyncClient(describe_log_streams=[{"logStreams": []}])
    monkeypatch.setattr(trigger, "logs", lambda: connect(logs or no_log))
    return trigger


def log_client(*polls: list[str]) -> FakeAsyncClient:
    """Return a client of CloudWatch Logs with one stream, and these new lines at each poll."""
    pages = []
    for number, lines in enumerate(polls):
        events = [{"message": line} for line in lines]
        pages += [
            {"events": events, "nextForwardToken": str(number)},
            {"events": [], "nextForwardToken": str(number)},
        ]
    streams = [{"logStreams": [{"logStreamName": "cars-1/algo-1-7"}]}]
    return FakeAsyncClient(describe_log_streams=streams, get_log_events=pages)


async def fire(trigger: Any) -> dict[str, Any]:
    """Run a trigger and return its only event."""
    events = [event.payload async for event in trigger.run()]
    assert len(events) == 1
    return dict(events[0])

"""The polling loop: outages, permanent errors, the deadline and the intervals."""

import time

import pytest

from sagemaker_jobs.triggers.polling import Pace
from tests.plugins.sagemaker_jobs.fake_async import FakeAsyncClient, client_error
from tests.plugins.sagemaker_jobs.triggers.conftest import (
    DONE,
    RUNNING,
    UNREACHABLE,
    fire,
    job_trigger,
)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "error",
    [
        UNREACHABLE,
        client_error("ThrottlingException", "Rate exceeded"),
        client_error("Odd", status=503),
    ],
)
async def test_a_short_outage_does_not_end_the_wait(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, error, error, DONE])
    assert (await fire(job_trigger(monkeypatch, client)))["status"] == "ended"


@pytest.mark.asyncio
async def test_an_outage_longer_than_its_timeout_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, UNREACHABLE])
    event = await fire(job_trigger(monkeypatch, client, outage_timeout=0.05, poll_interval=0.02))
    assert event["status"] == "error"
    assert "EndpointConnectionError" in event["message"]


@pytest.mark.asyncio
async def test_a_permanent_error_ends_the_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = client_error("AccessDeniedException", "not authorized to describe")
    client = FakeAsyncClient(describe_training_job=[denied])
    event = await fire(job_trigger(monkeypatch, client))
    assert event["message"] == "AccessDeniedException: not authorized to describe"
    assert event["permanent"] is True


def test_the_first_intervals_are_short() -> None:
    pace = Pace(poll_interval=5, deadline=0)
    assert [pace.pause(waited) for waited in (0, 5, 20, 45, 3600)] == [0.5, 1, 2.5, 5, 5]
    assert Pace(poll_interval=0.1, deadline=0).pause(3600) == 0.1


@pytest.mark.asyncio
async def test_the_deadline_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING])
    event = await fire(job_trigger(monkeypatch, client, deadline=time.time() - 1))
    assert event["status"] == "timeout"

"""Killing a task stops its job, and nothing else does."""

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from sagemaker_jobs.triggers import job
from sagemaker_jobs.triggers.job import SageMakerJobTrigger
from tests.plugins.sagemaker_jobs.fake_async import FakeAsyncClient, client_error
from tests.plugins.sagemaker_jobs.triggers.conftest import DONE, fire, job_trigger

LogLines = Callable[[Any], list[str]]


@pytest.mark.asyncio
async def test_a_killed_task_stops_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeAsyncClient(stop_training_job=[{}])
    await job_trigger(monkeypatch, client).on_kill()
    assert client.made("stop_training_job") == [{"TrainingJobName": "cars-1"}]


@pytest.mark.asyncio
async def test_a_cancellation_does_not_prevent_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow cancels a trigger again every second while it waits for on_kill."""
    client = FakeAsyncClient(stop_training_job=[{}])
    trigger = job_trigger(monkeypatch, client)
    connected = asyncio.Event()

    async def connect_slowly() -> FakeAsyncClient:
        await connected.wait()
        return client

    monkeypatch.setattr(trigger, "sagemaker", connect_slowly)
    killing = asyncio.create_task(trigger.on_kill())
    await asyncio.sleep(0)
    killing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killing
    connected.set()
    await asyncio.sleep(0.01)
    assert client.made("stop_training_job")


@pytest.mark.asyncio
async def test_stopping_a_job_that_has_ended_is_no_error(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    error = client_error(
        "ValidationException",
        "The request was rejected because the training job is in status Completed.",
    )
    client = FakeAsyncClient(stop_training_job=[error])
    trigger = job_trigger(monkeypatch, client)
    lines = log_lines(trigger)
    await trigger.on_kill()
    assert "is in status Completed" in lines[0]


@pytest.mark.asyncio
async def test_a_trigger_that_has_fired_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeAsyncClient(describe_training_job=[DONE])
    trigger = job_trigger(monkeypatch, client)
    await fire(trigger)
    await trigger.on_kill()
    assert not client.made("stop_training_job")


def trigger_of_task(
    monkeypatch: pytest.MonkeyPatch, client: FakeAsyncClient, states: Callable[..., Any]
) -> SageMakerJobTrigger:
    """Return the trigger of a task whose state Airflow answers with this function."""
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(states))
    monkeypatch.setattr(job, "_STATE_RETRY_DELAY", 0)
    trigger = job_trigger(monkeypatch, client)
    trigger._task_instance = SimpleNamespace(
        dag_id="d", run_id="manual__1", task_id="track", map_index=-1
    )
    return trigger


@pytest.mark.asyncio
@pytest.mark.parametrize(("state", "stops"), [("deferred", 0), ("failed", 1), (None, 1)])
async def test_a_trigger_that_has_moved_to_another_triggerer_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, state: str | None, stops: int
) -> None:
    def states(**parameters: Any) -> dict[str, Any]:
        assert parameters["run_ids"] == ["manual__1"]
        return {"manual__1": {"track": state}}

    client = FakeAsyncClient(stop_training_job=[{}])
    await trigger_of_task(monkeypatch, client, states).on_kill()
    assert len(client.made("stop_training_job")) == stops


@pytest.mark.asyncio
async def test_a_job_whose_task_has_an_unknown_state_is_left(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    """Another triggerer may watch it. The nightly sweep finds an orphan."""

    def states(**_: Any) -> dict[str, Any]:
        time.sleep(0.05)
        raise ConnectionError("overloaded")

    client = FakeAsyncClient(stop_training_job=[{}])
    trigger = trigger_of_task(monkeypatch, client, states)
    monkeypatch.setattr(job, "_STATE_TIMEOUT", 0.2)
    lines = log_lines(trigger)
    await trigger.on_kill()
    assert client.made("stop_training_job") == []
    assert "cars-1 is not stopped" in lines[-1]


@pytest.mark.asyncio
async def test_a_late_state_or_one_after_a_retry_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[Any] = []

    def states(**parameters: Any) -> dict[str, Any]:
        requests.append(parameters)
        if len(requests) == 1:
            raise ConnectionError("overloaded")
        time.sleep(0.1)
        return {"manual__1": {"track": "failed"}}

    client = FakeAsyncClient(stop_training_job=[{}])
    await trigger_of_task(monkeypatch, client, states).on_kill()
    assert len(requests) == 2
    assert len(client.made("stop_training_job")) == 1


@pytest.mark.asyncio
async def test_requests_for_states_run_concurrently(monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(2, timeout=5)

    def states(**_: Any) -> dict[str, Any]:
        barrier.wait()
        return {"manual__1": {"track": "failed"}}

    client = FakeAsyncClient(stop_training_job=[{}])
    triggers = [trigger_of_task(monkeypatch, client, states) for _ in range(2)]
    await asyncio.gather(*(trigger.on_kill() for trigger in triggers))
    assert len(client.made("stop_training_job")) == 2

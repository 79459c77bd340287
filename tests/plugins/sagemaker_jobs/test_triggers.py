"""The triggers tell what happens, bear with an absent AWS, and stop a job only for a person."""

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from botocore.exceptions import EndpointConnectionError

from sagemaker_jobs.jobs.kinds import get_kind
from sagemaker_jobs.triggers import job
from sagemaker_jobs.triggers.endpoint import SageMakerEndpointTrigger
from sagemaker_jobs.triggers.job import SageMakerJobTrigger
from sagemaker_jobs.triggers.polling import Pace
from tests.plugins.sagemaker_jobs.descriptions import endpoint, training_job
from tests.plugins.sagemaker_jobs.fake_async import FakeAsyncClient, client_error

Listen = Callable[[Any], list[str]]

RUNNING, DONE = training_job("cars-1"), training_job("cars-1", "Completed")
AWAY = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def pace(**more: float) -> dict[str, float]:
    return {"poll_interval": 0.0, "deadline": time.time() + 60, "outage_timeout": 60.0, **more}


def job_trigger(
    monkeypatch: pytest.MonkeyPatch,
    client: FakeAsyncClient,
    logs: FakeAsyncClient | None = None,
    stall_after: float = 3600,
    **more: float,
) -> SageMakerJobTrigger:
    trigger = SageMakerJobTrigger(
        kind="training",
        job_name="cars-1",
        renewal=0,
        log_pattern=get_kind("training").log_filter,
        connection={},
        pace=pace(**more),
        stall_after=stall_after,
    )

    async def connect(answers: FakeAsyncClient) -> FakeAsyncClient:
        return answers

    monkeypatch.setattr(trigger, "sagemaker", lambda: connect(client))
    silent = FakeAsyncClient(describe_log_streams=[{"logStreams": []}])
    monkeypatch.setattr(trigger, "logs", lambda: connect(logs or silent))
    return trigger


async def fire(trigger: Any) -> dict[str, Any]:
    events = [event.payload async for event in trigger.run()]
    assert len(events) == 1
    return dict(events[0])


@pytest.mark.asyncio
async def test_it_tells_each_status_once_and_fires_when_the_job_has_ended(
    monkeypatch: pytest.MonkeyPatch, told: Listen
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, RUNNING, DONE])
    trigger = job_trigger(monkeypatch, client)
    lines = told(trigger)
    event = await fire(trigger)
    assert event == {"status": "ended", "job_name": "cars-1", "renewal": 0}
    assert lines == ["cars-1: InProgress", "cars-1: Completed after 0 s of InProgress"]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", ["Failed", "Stopped", "Completed"])
async def test_any_end_is_left_to_the_task_to_judge(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    client = FakeAsyncClient(describe_training_job=[training_job("cars-1", status)])
    assert (await fire(job_trigger(monkeypatch, client)))["status"] == "ended"


@pytest.mark.asyncio
async def test_it_repeats_the_telling_lines_of_the_jobs_log(
    monkeypatch: pytest.MonkeyPatch, told: Listen
) -> None:
    def page(token: str, *lines: str) -> dict[str, Any]:
        return {"events": [{"message": line} for line in lines], "nextForwardToken": token}

    logs = FakeAsyncClient(
        describe_log_streams=[{"logStreams": [{"logStreamName": "cars-1/algo-1-7"}]}],
        get_log_events=[
            page("a", "Start", "Epoch[0] Batch [20]", "INFO] Epoch[0] Train-accuracy=0.5\n"),
            page("a"),
            page("b", "INFO] Epoch[1] Train-accuracy=0.6"),
            page("b"),
        ],
    )
    client = FakeAsyncClient(describe_training_job=[RUNNING, DONE])
    trigger = job_trigger(monkeypatch, client, logs)
    lines = told(trigger)
    await fire(trigger)
    assert [line for line in lines if "Epoch" in line or "Start" in line] == [
        "INFO] Epoch[0] Train-accuracy=0.5",
        "INFO] Epoch[1] Train-accuracy=0.6",
    ]
    assert logs.made("describe_log_streams")[0] == {
        "logGroupName": "/aws/sagemaker/TrainingJobs",
        "logStreamNamePrefix": "cars-1/",
    }


@pytest.mark.asyncio
async def test_a_job_whose_log_and_status_stand_still_is_told_and_left_to_run(
    monkeypatch: pytest.MonkeyPatch, told: Listen
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, RUNNING, RUNNING, DONE])
    trigger = job_trigger(monkeypatch, client, stall_after=0)
    lines = told(trigger)
    assert (await fire(trigger))["status"] == "ended"
    assert sum("it may hang" in line for line in lines) == 2
    assert client.made("stop_training_job") == []


@pytest.mark.asyncio
async def test_a_log_that_may_not_be_read_is_told_once_and_no_stall_is_guessed_from_it(
    monkeypatch: pytest.MonkeyPatch, told: Listen
) -> None:
    logs = FakeAsyncClient(
        describe_log_streams=[{"logStreams": [{"logStreamName": "cars-1/algo-1-7"}]}],
        get_log_events=[client_error("AccessDeniedException", "not authorized: GetLogEvents")],
    )
    client = FakeAsyncClient(describe_training_job=[RUNNING, RUNNING, RUNNING, DONE])
    trigger = job_trigger(monkeypatch, client, logs, stall_after=0)
    lines = told(trigger)
    assert (await fire(trigger))["status"] == "ended"
    (line,) = [line for line in lines if "log cannot be read" in line]
    assert "should the job hang, that is not noticed: not authorized: GetLogEvents" in line
    assert not any("it may hang" in line for line in lines)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble", [client_error("ResourceNotFoundException"), AWAY, client_error("AccessDenied")]
)
async def test_a_log_that_cannot_be_read_does_not_end_the_watch(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    logs = FakeAsyncClient(describe_log_streams=[trouble])
    client = FakeAsyncClient(describe_training_job=[RUNNING, DONE])
    assert (await fire(job_trigger(monkeypatch, client, logs)))["status"] == "ended"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble",
    [AWAY, client_error("ThrottlingException", "Rate exceeded"), client_error("Odd", status=503)],
)
async def test_it_bears_with_an_aws_that_is_away_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, trouble, trouble, DONE])
    assert (await fire(job_trigger(monkeypatch, client)))["status"] == "ended"


@pytest.mark.asyncio
async def test_an_outage_longer_than_its_timeout_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, AWAY])
    event = await fire(job_trigger(monkeypatch, client, outage_timeout=0.05, poll_interval=0.02))
    assert event["status"] == "error"
    assert "EndpointConnectionError" in event["message"]


@pytest.mark.asyncio
async def test_what_waiting_does_not_mend_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = client_error("AccessDeniedException", "not authorized to describe")
    client = FakeAsyncClient(describe_training_job=[denied])
    event = await fire(job_trigger(monkeypatch, client))
    assert event["message"] == "AccessDeniedException: not authorized to describe"
    assert event["permanent"] is True


def test_it_asks_sooner_while_little_time_has_passed() -> None:
    pace = Pace(poll_interval=5, deadline=0)
    assert [pace.pause(waited) for waited in (0, 5, 20, 45, 3600)] == [0.5, 1, 2.5, 5, 5]
    assert Pace(poll_interval=0.1, deadline=0).pause(3600) == 0.1


@pytest.mark.asyncio
async def test_it_gives_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING])
    event = await fire(job_trigger(monkeypatch, client, deadline=time.time() - 1))
    assert event["status"] == "timeout"


@pytest.mark.asyncio
async def test_a_killed_task_stops_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeAsyncClient(stop_training_job=[{}])
    await job_trigger(monkeypatch, client).on_kill()
    assert client.made("stop_training_job") == [{"TrainingJobName": "cars-1"}]


@pytest.mark.asyncio
async def test_a_stop_survives_being_cancelled_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow cancels a trigger again each second, while it still waits for on_kill."""
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
async def test_stopping_a_job_that_has_ended_by_itself_is_no_error(
    monkeypatch: pytest.MonkeyPatch, told: Listen
) -> None:
    refusal = client_error(
        "ValidationException",
        "The request was rejected because the training job is in status Completed.",
    )
    client = FakeAsyncClient(stop_training_job=[refusal])
    trigger = job_trigger(monkeypatch, client)
    lines = told(trigger)
    await trigger.on_kill()
    assert "is in status Completed" in lines[0]


@pytest.mark.asyncio
async def test_a_trigger_that_has_fired_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeAsyncClient(describe_training_job=[DONE])
    trigger = job_trigger(monkeypatch, client)
    await fire(trigger)
    await trigger.on_kill()
    assert not client.made("stop_training_job")


def of_a_task(
    monkeypatch: pytest.MonkeyPatch, client: FakeAsyncClient, states: Callable[..., Any]
) -> SageMakerJobTrigger:
    """Return the trigger of a task whose state Airflow tells by this function."""
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(states))
    monkeypatch.setattr(job, "_NEXT_QUESTION", 0)
    trigger = job_trigger(monkeypatch, client)
    trigger._task_instance = SimpleNamespace(
        dag_id="d", run_id="manual__1", task_id="track", map_index=-1
    )
    return trigger


@pytest.mark.asyncio
@pytest.mark.parametrize(("state", "stops"), [("deferred", 0), ("failed", 1), (None, 1)])
async def test_a_trigger_that_only_moved_to_another_triggerer_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, state: str | None, stops: int
) -> None:
    def states(**asked: Any) -> dict[str, Any]:
        assert asked["run_ids"] == ["manual__1"]
        return {"manual__1": {"track": state}}

    client = FakeAsyncClient(stop_training_job=[{}])
    await of_a_task(monkeypatch, client, states).on_kill()
    assert len(client.made("stop_training_job")) == stops


@pytest.mark.asyncio
async def test_a_job_whose_tasks_state_nobody_tells_is_left(
    monkeypatch: pytest.MonkeyPatch, told: Listen
) -> None:
    """Another triggerer may watch it: an orphan is found at night, a training is not given back."""

    def states(**_: Any) -> dict[str, Any]:
        time.sleep(0.05)
        raise ConnectionError("overloaded")

    client = FakeAsyncClient(stop_training_job=[{}])
    trigger = of_a_task(monkeypatch, client, states)
    monkeypatch.setattr(job, "_LONGEST_QUESTION", 0.2)
    lines = told(trigger)
    await trigger.on_kill()
    assert client.made("stop_training_job") == []
    assert "cars-1 is left as it is" in lines[-1]


@pytest.mark.asyncio
async def test_an_answer_that_comes_late_or_at_the_second_time_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def states(**question: Any) -> dict[str, Any]:
        asked.append(question)
        if len(asked) == 1:
            raise ConnectionError("overloaded")
        time.sleep(0.1)
        return {"manual__1": {"track": "failed"}}

    client = FakeAsyncClient(stop_training_job=[{}])
    await of_a_task(monkeypatch, client, states).on_kill()
    assert len(asked) == 2
    assert len(client.made("stop_training_job")) == 1


@pytest.mark.asyncio
async def test_many_questions_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=5)

    def states(**_: Any) -> dict[str, Any]:
        together.wait()
        return {"manual__1": {"track": "failed"}}

    client = FakeAsyncClient(stop_training_job=[{}])
    triggers = [of_a_task(monkeypatch, client, states) for _ in range(2)]
    await asyncio.gather(*(trigger.on_kill() for trigger in triggers))
    assert len(client.made("stop_training_job")) == 2


def test_a_triggerer_can_make_it_anew_from_what_it_serializes() -> None:
    path, arguments = SageMakerJobTrigger(
        kind="transform",
        job_name="cars-1",
        renewal=2,
        log_pattern="x",
        connection={"region_name": "eu-west-1"},
        pace=pace(),
    ).serialize()
    assert import_string(path) is SageMakerJobTrigger
    assert SageMakerJobTrigger(**arguments).serialize() == (path, arguments)
    assert arguments["connection"]["region_name"] == "eu-west-1"


@pytest.mark.asyncio
async def test_an_endpoint_is_watched_until_it_settles(
    monkeypatch: pytest.MonkeyPatch, told: Listen
) -> None:
    client = FakeAsyncClient(
        describe_endpoint=[
            endpoint("Updating", "old"),
            endpoint("Updating", "old"),
            endpoint("RollingBack", "old"),
            endpoint("InService", "old"),
        ]
    )
    trigger = SageMakerEndpointTrigger(
        endpoint_name="cars", endpoint_config_name="new", connection={}, pace=pace()
    )

    async def connect() -> FakeAsyncClient:
        return client

    monkeypatch.setattr(trigger, "sagemaker", connect)
    lines = told(trigger)
    assert await fire(trigger) == {"status": "ended", "endpoint_name": "cars"}
    assert lines == ["cars: Updating on old", "cars: RollingBack on old", "cars: InService on old"]
    path, arguments = trigger.serialize()
    assert import_string(path)(**arguments).serialize() == (path, arguments)

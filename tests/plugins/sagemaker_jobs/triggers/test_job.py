"""The job trigger waits for the end of a job and logs its progress."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string

from sagemaker_jobs.triggers.job import SageMakerJobTrigger
from tests.plugins.sagemaker_jobs.descriptions import training_job
from tests.plugins.sagemaker_jobs.fake_async import FakeAsyncClient, client_error
from tests.plugins.sagemaker_jobs.triggers.conftest import (
    DONE,
    RUNNING,
    UNREACHABLE,
    fire,
    job_trigger,
    log_client,
    pace,
)

LogLines = Callable[[Any], list[str]]


@pytest.mark.asyncio
async def test_it_logs_each_status_once_and_fires_when_the_job_has_ended(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, RUNNING, DONE])
    trigger = job_trigger(monkeypatch, client)
    lines = log_lines(trigger)
    event = await fire(trigger)
    assert event == {"status": "ended", "job_name": "cars-1", "renewal": 0}
    assert lines == ["cars-1: InProgress", "cars-1: Completed, after 0 seconds in InProgress"]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", ["Failed", "Stopped", "Completed"])
async def test_every_end_is_the_same_event(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    client = FakeAsyncClient(describe_training_job=[training_job("cars-1", status)])
    assert (await fire(job_trigger(monkeypatch, client)))["status"] == "ended"


@pytest.mark.asyncio
async def test_it_logs_one_line_for_each_epoch_and_other_lines_as_they_are(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    logs = log_client(
        [
            "Start",
            "Epoch[0] Batch [20]\tSpeed: 52.1 samples/sec",
            "INFO] Epoch[0] Train-accuracy=0.5",
        ],
        ["INFO] Epoch[0] Time cost=61.2", "INFO] Epoch[0] Validation-accuracy=0.25"],
        ["ERROR: no more memory", "INFO] Epoch[1] Train-accuracy=0.6"],
    )
    running = {**RUNNING, "HyperParameters": {"epochs": "30"}}
    ended = {**DONE, "HyperParameters": {"epochs": "30"}}
    trigger = job_trigger(
        monkeypatch, FakeAsyncClient(describe_training_job=[running, running, ended]), logs
    )
    lines = log_lines(trigger)
    await fire(trigger)
    assert [line for line in lines if not line.startswith("cars-1: ")] == [
        "epoch 1 of 30: training accuracy 0.500, validation accuracy 0.250, 52 images per second, "
        "1 minute 1 second",
        "ERROR: no more memory",
        "epoch 2 of 30: training accuracy 0.600",
    ]
    assert logs.made("describe_log_streams")[0] == {
        "logGroupName": "/aws/sagemaker/TrainingJobs",
        "logStreamNamePrefix": "cars-1/",
    }


@pytest.mark.asyncio
async def test_a_pattern_of_the_task_selects_lines_as_they_are(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    logs = log_client(["Epoch[0] Train-accuracy=0.5", "Epoch[0] Validation-accuracy=0.25"])
    client = FakeAsyncClient(describe_training_job=[DONE])
    trigger = job_trigger(monkeypatch, client, logs, log_pattern="Validation-")
    lines = log_lines(trigger)
    await fire(trigger)
    assert lines == ["cars-1: Completed", "Epoch[0] Validation-accuracy=0.25"]


@pytest.mark.asyncio
async def test_a_job_without_progress_is_reported_and_not_stopped(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    client = FakeAsyncClient(describe_training_job=[RUNNING, RUNNING, RUNNING, DONE])
    trigger = job_trigger(monkeypatch, client, stall_after=0)
    lines = log_lines(trigger)
    assert (await fire(trigger))["status"] == "ended"
    assert sum("the job may hang" in line for line in lines) == 2
    assert client.made("stop_training_job") == []


@pytest.mark.asyncio
async def test_without_access_to_the_log_there_is_one_warning_and_no_stall_detection(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    logs = FakeAsyncClient(
        describe_log_streams=[{"logStreams": [{"logStreamName": "cars-1/algo-1-7"}]}],
        get_log_events=[client_error("AccessDeniedException", "not authorized: GetLogEvents")],
    )
    client = FakeAsyncClient(describe_training_job=[RUNNING, RUNNING, RUNNING, DONE])
    trigger = job_trigger(monkeypatch, client, logs, stall_after=0)
    lines = log_lines(trigger)
    assert (await fire(trigger))["status"] == "ended"
    (line,) = [line for line in lines if "log cannot be read" in line]
    assert "there is no warning if the job hangs: not authorized: GetLogEvents" in line
    assert not any("the job may hang." in line for line in lines)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "error", [client_error("ResourceNotFoundException"), UNREACHABLE, client_error("AccessDenied")]
)
async def test_an_error_of_the_log_does_not_end_the_wait(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    logs = FakeAsyncClient(describe_log_streams=[error])
    client = FakeAsyncClient(describe_training_job=[RUNNING, DONE])
    assert (await fire(job_trigger(monkeypatch, client, logs)))["status"] == "ended"


def test_it_can_be_created_from_its_serialized_form() -> None:
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

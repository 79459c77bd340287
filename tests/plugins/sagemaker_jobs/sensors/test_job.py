"""The job sensor defers while a job runs, and returns or raises by the job's outcome."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from botocore.stub import Stubber

from sagemaker_jobs import (
    JobFailed,
    JobInterrupted,
    JobStillRunning,
    PermanentAwsError,
    SageMakerJobSensor,
    TrackingInterrupted,
)
from sagemaker_jobs.jobs.ensure import REQUEST_TAG
from sagemaker_jobs.jobs.identity import request_digest
from sagemaker_jobs.jobs.kinds import get_kind
from tests.plugins.sagemaker_jobs.descriptions import ENDED, STARTED, context
from tests.plugins.sagemaker_jobs.tasks import (
    CONFIG,
    IDENTITY,
    JOB,
    NAME,
    run,
    stub_create,
    stub_job,
    stub_missing_job,
    with_client,
)

LogLines = Callable[[Any], list[str]]
ENDED_EVENT = {"status": "ended", "job_name": NAME, "renewal": 0}


@pytest.fixture
def sensor(client: Any) -> Callable[..., Any]:
    """A function that creates a sensor with the stubbed client."""

    def create(**arguments: Any) -> Any:
        defaults: dict[str, Any] = {"task_id": "track", "job": JOB, "aws_conn_id": None}
        return with_client(SageMakerJobSensor(**{**defaults, **arguments}), client)

    return create


@pytest.fixture
def _failed_job_log(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["loading", "KeyError: 'label'"]
    monkeypatch.setattr("sagemaker_jobs.sensors.job.last_lines", lambda *_: lines)


def test_it_defers_while_the_job_runs_and_waits_as_long_as_the_job_may_run(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    stub_job(sagemaker, "InProgress")
    with pytest.raises(TaskDeferred) as deferred:
        run(sensor(poll_interval=2), context=context())
    _, arguments = deferred.value.trigger.serialize()
    assert (arguments["job_name"], arguments["pace"]["poll_interval"]) == (NAME, 2)
    assert arguments["log_pattern"] == get_kind("training").log_filter
    assert arguments["pace"]["deadline"] == pytest.approx(time.time() + 600 + 3600, abs=5)


def test_it_returns_at_once_if_the_job_is_completed(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    stub_job(sagemaker, "Completed")
    summary = run(sensor(), context=context())
    assert (summary["job_name"], summary["status"]) == (NAME, "Completed")


def test_a_retry_starts_the_next_attempt_with_the_tags_of_both_tasks(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    stub_job(sagemaker, "Stopped")
    stub_missing_job(sagemaker)
    tags = {
        REQUEST_TAG: request_digest("training", CONFIG),
        "sagemaker-jobs:task": "cars__training/submit/manual__1",
        "sagemaker-jobs:sensor": "track",
    }
    stub_create(sagemaker, [{"Key": key, "Value": value} for key, value in tags.items()])
    with pytest.raises(TaskDeferred) as deferred:
        run(sensor(), context=context())
    second = IDENTITY.job_name("cars", renewal=0, attempt=2)
    assert deferred.value.trigger.serialize()[1]["job_name"] == second


@pytest.mark.usefixtures("_failed_job_log")
@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        ("Failed", "AlgorithmError: exit code 1", JobFailed),
        ("Failed", "CapacityError: none", JobInterrupted),
        ("Stopped", "stopped", JobInterrupted),
    ],
)
def test_resume_raises_by_the_reason_and_logs_the_end_of_the_jobs_log(
    sagemaker: Stubber,
    sensor: Callable[..., Any],
    log_lines: LogLines,
    status: str,
    reason: str,
    error: type[Exception],
) -> None:
    stub_job(sagemaker, status, tagged=False, FailureReason=reason)
    track = sensor()
    lines = log_lines(track)
    with pytest.raises(error, match=reason):
        run(track, "resume", context=context(), event=ENDED_EVENT)
    assert lines == ["loading", "KeyError: 'label'"]


@pytest.mark.usefixtures("_failed_job_log")
def test_the_log_of_a_job_that_failed_before_the_sensor_ran_is_logged(
    sagemaker: Stubber, sensor: Callable[..., Any], log_lines: LogLines
) -> None:
    stub_job(sagemaker, "Failed", FailureReason="AlgorithmError: exit code 1")
    track = sensor()
    lines = log_lines(track)
    with pytest.raises(JobFailed, match=NAME):
        run(track, context=context())
    assert lines == ["loading", "KeyError: 'label'"]


def half_a_dollar(summary: Mapping[str, Any]) -> float:
    assert summary["instance_type"] == "ml.c5.xlarge"
    return 0.5


def unknown_cost(_: Mapping[str, Any]) -> float:
    raise LookupError("no such price file")


@pytest.mark.usefixtures("_failed_job_log")
@pytest.mark.parametrize(
    ("method", "status", "error"),
    [
        ("execute", "Failed", JobFailed),
        ("resume", "Failed", JobFailed),
        ("resume", "Stopped", JobInterrupted),
    ],
)
def test_a_job_that_did_not_complete_has_its_summary_in_an_xcom(
    sagemaker: Stubber,
    sensor: Callable[..., Any],
    method: str,
    status: str,
    error: type[Exception],
) -> None:
    """Users see the duration and the cost of a failure without asking SageMaker."""
    times = {"TrainingStartTime": STARTED, "TrainingEndTime": ENDED}
    end = {"FailureReason": "why", "BillableTimeInSeconds": 60, **times}
    stub_job(sagemaker, status, tagged=method == "execute", **end)
    event = {} if method == "execute" else {"event": ENDED_EVENT}
    task_context = context()
    with pytest.raises(error):
        run(sensor(cost_usd=half_a_dollar), method, context=task_context, **event)
    summary = task_context["pushed"]["summary"]
    assert summary == json.loads(json.dumps(summary))
    assert (summary["status"], summary["failure_reason"]) == (status, "why")
    assert (summary["seconds"], summary["billable_seconds"]) == (90.0, 120)
    assert summary["cost_usd"] == 0.5


@pytest.mark.parametrize(
    ("cost", "dollars"), [(half_a_dollar, 0.5), (unknown_cost, None), (None, None)]
)
def test_an_unknown_cost_does_not_fail_the_task(
    sagemaker: Stubber, sensor: Callable[..., Any], cost: Any, dollars: float | None
) -> None:
    stub_job(sagemaker, "Completed")
    assert run(sensor(cost_usd=cost), context=context())["cost_usd"] == dollars


def test_the_log_has_the_duration_and_the_spot_saving(
    sagemaker: Stubber, sensor: Callable[..., Any], log_lines: LogLines
) -> None:
    spot: dict[str, Any] = {
        "TrainingStartTime": STARTED,
        "TrainingEndTime": ENDED,
        "TrainingTimeInSeconds": 90,
        "BillableTimeInSeconds": 30,
        "EnableManagedSpotTraining": True,
    }
    stub_job(sagemaker, "Completed", **spot)
    track = sensor()
    lines = log_lines(track)
    run(track, context=context())
    assert lines[1:] == [
        f"training job {NAME} completed after 1 minute 30 seconds",
        "spot instances saved 67 %",
    ]


def resume(track: Any, task_context: Any = None, **event: Any) -> Any:
    return run(track, "resume", context=task_context or context(), event={**ENDED_EVENT, **event})


def test_resume_returns_the_summary(sagemaker: Stubber, sensor: Callable[..., Any]) -> None:
    stub_job(sagemaker, "Completed", tagged=False)
    assert resume(sensor())["kind"] == "training"


def test_a_job_that_completed_during_an_outage_is_completed(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    stub_job(sagemaker, "Completed", tagged=False)
    summary = resume(sensor(), status="error", message="no answer")
    assert summary["status"] == "Completed"


def test_a_timeout_does_not_stop_the_job(sagemaker: Stubber, sensor: Callable[..., Any]) -> None:
    stub_job(sagemaker, "InProgress", tagged=False)
    with pytest.raises(JobStillRunning, match=f"{NAME} still runs and was not stopped"):
        resume(sensor(), status="timeout")


def test_an_outage_is_retryable(sagemaker: Stubber, sensor: Callable[..., Any]) -> None:
    stub_job(sagemaker, "InProgress", tagged=False)
    with pytest.raises(TrackingInterrupted, match="no answer for 120 s"):
        resume(sensor(), status="error", message="no answer for 120 s")


def test_a_missing_permission_of_the_triggerer_is_permanent(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    stub_job(sagemaker, "InProgress", tagged=False)
    message = f"{NAME} still runs, but the triggerer cannot watch it: AccessDenied.*this permission"
    with pytest.raises(PermanentAwsError, match=message):
        resume(sensor(), status="error", message="AccessDeniedException: no", permanent=True)


def test_a_job_that_no_longer_exists_is_retryable(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    stub_missing_job(sagemaker)
    with pytest.raises(TrackingInterrupted, match="no longer exists: the next try starts"):
        resume(sensor())


@pytest.mark.usefixtures("_failed_job_log")
def test_a_job_that_a_clear_has_stopped_is_started_again_in_the_same_try(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    # The cleared task attached to the job before the stop arrived, and then saw it stopped.
    stub_job(sagemaker, "Stopped", tagged=False)
    stub_job(sagemaker, "Stopped")
    stub_missing_job(sagemaker)  # Attempt 2 before the clear.
    stub_missing_job(sagemaker)  # Attempt 1 after the clear.
    stub_create(sagemaker)
    cleared = context(max_tries=3, retries=2, clear_number=1)
    with pytest.raises(TaskDeferred) as deferred:
        resume(sensor(), cleared)
    assert deferred.value.trigger.serialize()[1]["renewal"] == 1


@pytest.mark.usefixtures("_failed_job_log")
def test_a_clear_of_both_tasks_changes_the_generation_only(
    sagemaker: Stubber, sensor: Callable[..., Any]
) -> None:
    """Else a permanent failure would be tried once more for no reason."""
    stub_job(sagemaker, "Failed", tagged=False, FailureReason="AlgorithmError: bad data")
    cleared = context(max_tries=3, retries=2, clear_number=1)
    with pytest.raises(JobFailed, match="bad data"):
        resume(sensor(job={**JOB, "clear_number": 1}), cleared)

"""Jobs run once and have the right outcome if AWS throttles, refuses, or omits optional fields."""

import io
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.endpoint import AioEndpoint
from botocore.awsrequest import AWSResponse
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError

from sagemaker_jobs import JobFailed, SageMakerJobSensor, SageMakerSubmitProcessingOperator
from sagemaker_jobs.jobs.kinds import KINDS
from sagemaker_jobs.jobs.outcome import Outcome, outcome_of, reason_of
from sagemaker_jobs.jobs.summary import summary_of
from tests.include.local_aws.clients.airflow_tasks import run
from tests.include.local_aws.clients.configs import Configs
from tests.include.local_aws.local_server import LocalServer
from tests.plugins.sagemaker_jobs.descriptions import context

THROTTLED = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'


class Throttle:
    """A context in which a third of the calls to SageMaker are throttled before they are sent."""

    def __init__(self) -> None:
        self._chance = random.Random(7)
        self._active = False
        self.throttled = 0

    def __enter__(self) -> None:
        self._active = True

    def __exit__(self, *_: object) -> None:
        self._active = False

    def applies_to(self, request: Any) -> bool:
        if (
            not self._active or "X-Amz-Target" not in request.headers
        ):  # Requests to S3 have no such header.
            return False
        hit = self._chance.random() < 1 / 3
        self.throttled += hit
        return hit


class _Body(io.BytesIO):
    """A body for sync clients."""

    def stream(self, **_: Any) -> Any:
        return iter([self.getvalue()])


class _AsyncBody:
    async def read(self) -> bytes:
        return THROTTLED


@pytest.fixture
def throttle(monkeypatch: pytest.MonkeyPatch) -> Throttle:
    """A context that throttles the calls of sync and async clients."""
    throttle = Throttle()
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    send, send_async = Endpoint._send, AioEndpoint._send

    def sync(endpoint: Any, request: Any) -> Any:
        if throttle.applies_to(request):
            return AWSResponse(request.url, 400, headers, _Body(THROTTLED))
        return send(endpoint, request)

    async def asynchronous(endpoint: Any, request: Any) -> Any:
        if throttle.applies_to(request):
            return AioAWSResponse(request.url, 400, headers, _AsyncBody())
        return await send_async(endpoint, request)

    monkeypatch.setattr(Endpoint, "_send", sync)
    monkeypatch.setattr(AioEndpoint, "_send", asynchronous)
    return throttle


def request(aws: LocalServer, end: str = "done") -> dict[str, Any]:
    config = Configs(aws).job("processing", end)
    del config["ProcessingJobName"]
    return {"prefix": "throttling", "deployment": "here", "config": config}


def context_of(run_id: str) -> Any:
    fields = context()
    ti = SimpleNamespace(**{**vars(fields["ti"]), "run_id": run_id})
    return {**fields, "ti": ti}


def jobs(aws: LocalServer) -> list[str]:
    listed = aws.sagemaker.list_processing_jobs(NameContains="throttling")
    return [job["ProcessingJobName"] for job in listed["ProcessingJobSummaries"]]


def retried(task: Callable[[], Any], tries: int = 10) -> Any:
    """Run a task until it succeeds, as Airflow retries it."""
    for _ in range(tries):
        try:
            return task()
        except ClientError as error:
            if error.response["Error"]["Code"] != "ThrottlingException":
                raise
    pytest.fail(f"throttled in {tries} tries")


def test_throttling_of_a_third_of_all_calls_starts_no_second_job(
    aws: LocalServer, throttle: Throttle
) -> None:
    job_request, task_context = request(aws), context_of("throttled")
    before = set(jobs(aws))
    submit = SageMakerSubmitProcessingOperator(task_id="submit", request=job_request)
    with throttle:
        job = retried(lambda: run(submit, context=task_context))
        track = SageMakerJobSensor(task_id="track", job=job, poll_interval=0.1)
        summary = retried(lambda: run(track, context=task_context))
    assert summary["status"] == "Completed"
    assert set(jobs(aws)) - before == {summary["job_name"]}
    assert throttle.throttled > 2


def test_a_missing_bucket_is_a_permanent_failure_that_names_it(aws: LocalServer) -> None:
    job_request, task_context = request(aws), context_of("missing")
    source = job_request["config"]["ProcessingInputs"][0]["S3Input"]
    source["S3Uri"] = "s3://a-missing-bucket/data/"
    job = run(
        SageMakerSubmitProcessingOperator(task_id="submit", request=job_request),
        context=task_context,
    )
    with pytest.raises(JobFailed, match="a-missing-bucket"):
        run(SageMakerJobSensor(task_id="track", job=job, poll_interval=0.1), context=task_context)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("InProgress", Outcome.RUNNING),
        ("Completed", Outcome.COMPLETED),
        ("Stopped", Outcome.RETRYABLE),
        ("Failed", Outcome.PERMANENT),
    ],
)
def test_a_description_without_optional_fields_is_understood(
    kind: Any, status: str, outcome: Outcome
) -> None:
    description = {
        kind.name_field: "x",
        kind.arn_field: "arn",
        f"{kind.prefix}JobStatus": status,
    }
    assert outcome_of(kind, description) is outcome
    assert reason_of(kind, description) == "no reason given"
    summary = summary_of(kind, description)
    assert (summary["status"], summary["seconds"], summary["outputs"]) == (status, None, {})

"""A task has one job, which is looked up before it is created and must have the same request."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from sagemaker_jobs.errors import (
    JobConflict,
    JobFailed,
    JobRequestError,
    PermanentAwsError,
    TrackingInterrupted,
)
from sagemaker_jobs.jobs.ensure import REQUEST_TAG, EnsuredJob, ensure_job
from sagemaker_jobs.jobs.identity import JobIdentity, request_digest
from sagemaker_jobs.jobs.kinds import KINDS
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, training_job

TRAINING = KINDS["training"]
CONFIG = {
    "RoleArn": "arn:aws:iam::123456789012:role/service/Jobs",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/{job_name}/"},
    "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints/{first_job_name}"},
    "Tags": [{"Key": "team", "Value": "cars"}],
}
REQUEST = {"prefix": "cars-train", "deployment": "here", "config": CONFIG}
DIGEST = request_digest("training", CONFIG)


class Attempts:
    """Stubs SageMaker's answers about the attempts of a task."""

    def __init__(self, stubber: Stubber, identity: JobIdentity) -> None:
        self.stubber = stubber
        self.identity = identity

    def name(self, attempt: int, renewal: int = 0) -> str:
        return self.identity.job_name("cars-train", renewal=renewal, attempt=attempt)

    def missing(self, attempt: int, renewal: int = 0) -> None:
        self.stubber.add_client_error(
            "describe_training_job",
            "ValidationException",
            "Requested resource not found",
            expected_params={"TrainingJobName": self.name(attempt, renewal)},
        )

    def found(
        self,
        attempt: int,
        status: str,
        reason: str = "",
        *,
        renewal: int = 0,
        tag: str | None = DIGEST,
        **fields: Any,
    ) -> None:
        name = self.name(attempt, renewal)
        if reason:
            fields["FailureReason"] = reason
        self.stubber.add_response(
            "describe_training_job",
            training_job(name, status, **fields),
            {"TrainingJobName": name},
        )
        tags = [{"Key": REQUEST_TAG, "Value": tag}] if tag else []
        self.stubber.add_response(
            "list_tags", {"Tags": tags}, {"ResourceArn": f"{ACCOUNT}:training-job/{name}"}
        )

    def create(self, attempt: int, renewal: int = 0) -> None:
        name, first = self.name(attempt, renewal), self.name(1, renewal)
        self.stubber.add_response(
            "create_training_job",
            {"TrainingJobArn": f"{ACCOUNT}:training-job/{name}"},
            {
                **CONFIG,
                "TrainingJobName": name,
                "OutputDataConfig": {"S3OutputPath": f"s3://bucket/{name}/"},
                "CheckpointConfig": {"S3Uri": f"s3://bucket/checkpoints/{first}"},
                "Tags": [
                    {"Key": "team", "Value": "cars"},
                    {"Key": REQUEST_TAG, "Value": DIGEST},
                    {"Key": "sagemaker-jobs:task", "Value": "cars__training/submit/manual__1"},
                ],
            },
        )

    def create_fails(self, code: str, message: str) -> None:
        self.stubber.add_client_error("create_training_job", code, message)


@pytest.fixture
def attempts(sagemaker: Stubber, identity: JobIdentity) -> Attempts:
    return Attempts(sagemaker, identity)


@pytest.fixture
def ensure(client: Any, identity: JobIdentity) -> Any:
    def call(renewals: int = 0) -> EnsuredJob:
        return ensure_job(client, TRAINING, REQUEST, identity, renewals=renewals)

    return call


def test_without_a_job_the_first_attempt_is_created(attempts: Attempts, ensure: Any) -> None:
    attempts.missing(1)
    attempts.create(1)
    job = ensure()
    assert (job.name, job.attempt, job.created) == (attempts.name(1), 1, True)


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Stopping"])
def test_a_running_or_completed_job_is_attached_to(
    attempts: Attempts, ensure: Any, status: str
) -> None:
    attempts.found(1, status)
    job = ensure()
    assert (job.name, job.created) == (attempts.name(1), False)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Failed", "CapacityError: Unable to provision requested ML compute capacity."),
        ("Failed", "InternalServerError: We encountered an internal error. Please try again."),
        ("Stopped", ""),
    ],
)
def test_a_retryable_failure_is_followed_by_the_next_attempt(
    attempts: Attempts, ensure: Any, status: str, reason: str
) -> None:
    attempts.found(1, status, reason)
    attempts.missing(2)
    attempts.create(2)
    assert ensure().attempt == 2


def test_the_newest_of_several_attempts_is_attached_to(attempts: Attempts, ensure: Any) -> None:
    attempts.found(1, "Stopped")
    attempts.found(2, "Failed", "CapacityError: none left")
    attempts.found(3, "InProgress")
    job = ensure()
    assert (job.attempt, job.created) == (3, False)


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        ("Failed", "AlgorithmError: CapacityError is in the text only", "CapacityError is in"),
        ("Failed", "ClientError: Data download failed: no such bucket", "no such bucket"),
        ("Failed", "", "no reason given"),
    ],
)
def test_a_permanent_failure_is_not_retried(
    attempts: Attempts, ensure: Any, status: str, reason: str, message: str
) -> None:
    attempts.found(1, status, reason)
    with pytest.raises(JobFailed, match=message):
        ensure()


def test_a_job_that_exceeded_its_time_limit_is_not_retried(attempts: Attempts, ensure: Any) -> None:
    attempts.found(1, "Stopped", SecondaryStatus="MaxRuntimeExceeded")
    with pytest.raises(JobFailed, match="MaxRuntimeInSeconds"):
        ensure()


def test_a_clear_of_the_sensor_alone_renews_a_permanent_failure(
    attempts: Attempts, ensure: Any
) -> None:
    attempts.found(1, "Failed", "AlgorithmError: bad data", renewal=0)
    attempts.missing(1, renewal=1)
    attempts.create(1, renewal=1)
    job = ensure(renewals=1)
    assert (job.renewal, job.attempt, job.created) == (1, 1, True)


def test_a_renewal_that_failed_permanently_is_not_retried(attempts: Attempts, ensure: Any) -> None:
    attempts.found(1, "Failed", "AlgorithmError: bad data", renewal=0)
    attempts.found(1, "Failed", "AlgorithmError: still bad", renewal=1)
    with pytest.raises(JobFailed, match="still bad"):
        ensure(renewals=1)


def test_a_renewal_attaches_to_a_job_that_still_runs(attempts: Attempts, ensure: Any) -> None:
    attempts.found(1, "InProgress", renewal=0)
    assert not ensure(renewals=2).created


def test_a_new_generation_does_not_see_the_former_job(
    sagemaker: Stubber, client: Any, identity: JobIdentity
) -> None:
    cleared = replace(identity, generation=1)
    attempts = Attempts(sagemaker, cleared)
    assert attempts.name(1) != Attempts(sagemaker, identity).name(1)
    attempts.missing(1)
    attempts.create(1)
    assert ensure_job(client, TRAINING, REQUEST, cleared).created


@pytest.mark.parametrize("tag", ["0" * 64, None])
def test_a_job_with_another_request_is_a_conflict(
    attempts: Attempts, ensure: Any, tag: str | None
) -> None:
    attempts.found(1, "Completed", tag=tag)
    with pytest.raises(JobConflict, match=attempts.name(1)):
        ensure()


def test_a_job_that_another_process_creates_meanwhile_is_attached_to(
    attempts: Attempts, ensure: Any
) -> None:
    attempts.missing(1)
    attempts.create_fails(
        "ResourceInUse", "Job name must be unique within an AWS account and region"
    )
    attempts.found(1, "InProgress")
    job = ensure()
    assert (job.name, job.created) == (attempts.name(1), False)


def test_a_job_that_cannot_be_described_yet_is_retryable(attempts: Attempts, ensure: Any) -> None:
    attempts.missing(1)
    attempts.create_fails("ResourceInUse", "Job name must be unique")
    attempts.missing(1)
    with pytest.raises(TrackingInterrupted, match=attempts.name(1)):
        ensure()


def test_an_invalid_request_is_permanent(attempts: Attempts, ensure: Any) -> None:
    attempts.missing(1)
    attempts.create_fails("ValidationException", "No S3 objects found under S3 URL s3://bucket/x")
    with pytest.raises(JobRequestError, match="No S3 objects found"):
        ensure()


def test_a_full_quota_is_retryable(attempts: Attempts, ensure: Any) -> None:
    attempts.missing(1)
    attempts.create_fails("ResourceLimitExceeded", "The account-level service limit is 1 Instances")
    with pytest.raises(ClientError, match="service limit"):
        ensure()


def test_an_unknown_error_code_is_retryable(attempts: Attempts, ensure: Any) -> None:
    attempts.missing(1)
    attempts.create_fails("SomethingNewException", "try later")
    with pytest.raises(ClientError, match="try later"):
        ensure()


def test_an_error_of_describe_does_not_create_a_job(sagemaker: Stubber, ensure: Any) -> None:
    sagemaker.add_client_error("describe_training_job", "AccessDeniedException", "no")
    with pytest.raises(PermanentAwsError, match=r"DescribeTrainingJob \(AccessDeniedException\)"):
        ensure()


def test_a_missing_permission_for_tags_is_permanent(
    sagemaker: Stubber, attempts: Attempts, ensure: Any
) -> None:
    name = attempts.name(1)
    sagemaker.add_response("describe_training_job", training_job(name))
    sagemaker.add_client_error("list_tags", "AccessDeniedException", "not authorized")
    with pytest.raises(PermanentAwsError, match=rf"{name}: AWS refused ListTags .*this permission"):
        ensure()

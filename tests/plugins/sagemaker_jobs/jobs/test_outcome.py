"""Outcomes of jobs and errors of AWS: retryable or permanent."""

from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.definitions.retry_policy import RetryPolicy
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from dag_factory.builder import _default_args
from sagemaker_jobs.endpoints.resources import MODEL, ensure_resource
from sagemaker_jobs.errors import JobFailed, JobInterrupted, PermanentAwsError
from sagemaker_jobs.jobs.kinds import KINDS, get_kind
from sagemaker_jobs.jobs.outcome import Outcome, failure_of, outcome_of
from sagemaker_jobs.permanent_errors import raise_permanent_errors
from tests.plugins.sagemaker_jobs.descriptions import ENDED, STARTED, training_job
from tests.plugins.sagemaker_jobs.fake_async import client_error

TRAINING = KINDS["training"]


class HttpError(Exception):
    """An error of another library, whose response is not a dictionary."""

    response = object()


@pytest.fixture
def policy() -> RetryPolicy:
    """The retry policy of all tasks of the DAGs."""
    found: RetryPolicy = _default_args("team")["retry_policy"]
    return found


def retries(policy: RetryPolicy, error: BaseException) -> bool:
    """Return whether Airflow retries a task that ended with this error."""
    if isinstance(error, AirflowFailException):
        return False
    return policy.evaluate(error, 1, 3).action is not RetryAction.FAIL


@pytest.mark.parametrize(
    ("status", "fields", "outcome"),
    [
        ("InProgress", {}, Outcome.RUNNING),
        ("Stopping", {}, Outcome.RUNNING),
        ("Completed", {}, Outcome.COMPLETED),
        ("Stopped", {}, Outcome.RETRYABLE),
        ("Stopped", {"SecondaryStatus": "MaxRuntimeExceeded"}, Outcome.PERMANENT),
        ("Stopped", {"SecondaryStatus": "MaxWaitTimeExceeded"}, Outcome.RETRYABLE),
        ("Failed", {"SecondaryStatus": "Interrupted"}, Outcome.RETRYABLE),
        (
            "Failed",
            {"FailureReason": "InternalServerError: the server was restarted"},
            Outcome.RETRYABLE,
        ),
        ("Failed", {"FailureReason": "AlgorithmError: , exit code: 1"}, Outcome.PERMANENT),
        ("Failed", {"FailureReason": "ClientError: Access denied"}, Outcome.PERMANENT),
    ],
)
def test_outcomes(status: str, fields: dict[str, str], outcome: Outcome) -> None:
    assert outcome_of(TRAINING, training_job(status=status, **fields)) is outcome


@pytest.mark.parametrize(("limit", "outcome"), [(90, Outcome.PERMANENT), (91, Outcome.RETRYABLE)])
def test_the_time_limit_of_a_processing_job_is_judged_by_its_times(
    limit: int, outcome: Outcome
) -> None:
    job = {
        "ProcessingJobName": "cars-1",
        "ProcessingJobStatus": "Stopped",
        "StoppingCondition": {"MaxRuntimeInSeconds": limit},
        "ProcessingStartTime": STARTED,
        "ProcessingEndTime": ENDED,
    }
    assert outcome_of(KINDS["processing"], job) is outcome
    message = str(failure_of(KINDS["processing"], job))
    assert ("MaxRuntimeInSeconds" in message) is (outcome is Outcome.PERMANENT)


def test_airflow_retries_retryable_errors_only(policy: RetryPolicy) -> None:
    retryable = failure_of(TRAINING, training_job(status="Stopped"))
    permanent = failure_of(TRAINING, training_job(status="Failed", FailureReason="ClientError: no"))
    assert isinstance(retryable, JobInterrupted)
    assert retries(policy, retryable)
    assert isinstance(permanent, JobFailed)
    assert not retries(policy, permanent)


@pytest.mark.parametrize(
    ("code", "message", "status", "retried"),
    [
        ("ThrottlingException", "Rate exceeded", 400, True),
        ("ResourceLimitExceeded", "The account-level service limit is 1 Instances", 400, True),
        ("InternalFailure", "", 500, True),
        ("Whatever", "", 503, True),
        ("ExpiredTokenException", "The security token is expired", 403, True),
        ("ValidationException", 'Cannot update in-progress endpoint "cars".', 400, True),
        ("ValidationException", "Cannot create already existing model", 400, True),
        ("ValidationException", "1 validation error detected: WaitIntervalInSeconds", 400, False),
        ("AccessDeniedException", "is not authorized to perform: sagemaker:X", 400, False),
        ("403", "Forbidden", 403, False),  # The code of S3 for a HEAD request.
    ],
)
def test_an_aws_error_is_retried_unless_it_is_permanent(
    policy: RetryPolicy, code: str, message: str, status: int, retried: bool
) -> None:
    """As boto3 raises it in any task, and as the package converts it."""
    error = client_error(code, message, status)
    assert retries(policy, error) is retried
    expected = ClientError if retried else PermanentAwsError
    with pytest.raises(expected, match=code) as caught, raise_permanent_errors("endpoint cars"):
        raise error
    assert retries(policy, caught.value) is retried


def test_a_request_that_botocore_rejects_is_not_retried(policy: RetryPolicy, client: Any) -> None:
    with pytest.raises(PermanentAwsError, match="Parameter validation failed") as caught:
        ensure_resource(client, MODEL, {"ModelName": 7})
    assert caught.value.__cause__ is not None
    assert not retries(policy, caught.value.__cause__)


@pytest.mark.parametrize("error", [ValueError("x"), HttpError("x")])
def test_airflow_decides_about_other_errors(policy: RetryPolicy, error: Exception) -> None:
    assert policy.evaluate(error, 1, 3).action is RetryAction.DEFAULT


def test_the_error_is_one_line_with_job_status_and_reason() -> None:
    reason = "AlgorithmError: no class folders\nin s3://bucket/source/ "
    message = str(failure_of(TRAINING, training_job("cars-1", "Failed", FailureReason=reason)))
    assert message.startswith(
        "training job cars-1 is Failed: AlgorithmError: no class folders in s3:"
    )
    assert "\n" not in message


def test_an_unknown_kind_is_an_error_that_names_the_kinds() -> None:
    with pytest.raises(ValueError, match=r"'tuning'.*processing"):
        get_kind("tuning")

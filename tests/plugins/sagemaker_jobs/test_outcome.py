"""What a retry can mend is told apart from what it cannot."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sagemaker_jobs.errors import JobFailed, JobInterrupted
from sagemaker_jobs.kinds import KINDS, kind_of
from sagemaker_jobs.outcome import Outcome, failure_of, outcome_of
from tests.plugins.sagemaker_jobs.descriptions import ENDED, STARTED, training_job

TRAINING = KINDS["training"]


@pytest.mark.parametrize(
    ("status", "more", "outcome"),
    [
        ("InProgress", {}, Outcome.RUNNING),
        ("Stopping", {}, Outcome.RUNNING),
        ("Completed", {}, Outcome.COMPLETED),
        ("Stopped", {}, Outcome.PASSING),
        ("Stopped", {"SecondaryStatus": "MaxRuntimeExceeded"}, Outcome.LASTING),
        ("Stopped", {"SecondaryStatus": "MaxWaitTimeExceeded"}, Outcome.PASSING),
        ("Failed", {"SecondaryStatus": "Interrupted"}, Outcome.PASSING),
        (
            "Failed",
            {"FailureReason": "InternalServerError: the server was restarted"},
            Outcome.PASSING,
        ),
        ("Failed", {"FailureReason": "AlgorithmError: , exit code: 1"}, Outcome.LASTING),
        ("Failed", {"FailureReason": "ClientError: Access denied"}, Outcome.LASTING),
    ],
)
def test_outcomes(status: str, more: dict[str, str], outcome: Outcome) -> None:
    assert outcome_of(TRAINING, training_job(status=status, **more)) is outcome


@pytest.mark.parametrize(("limit", "outcome"), [(90, Outcome.LASTING), (91, Outcome.PASSING)])
def test_a_stopped_processing_job_tells_by_its_times_alone_that_they_ran_out(
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
    told = str(failure_of(KINDS["processing"], job))
    assert ("MaxRuntimeInSeconds" in told) is (outcome is Outcome.LASTING)


def test_airflow_retries_what_passes_and_nothing_else() -> None:
    passing = failure_of(TRAINING, training_job(status="Stopped"))
    lasting = failure_of(TRAINING, training_job(status="Failed", FailureReason="ClientError: no"))
    assert isinstance(passing, JobInterrupted)
    assert not isinstance(passing, AirflowFailException)
    assert isinstance(lasting, JobFailed)
    assert isinstance(lasting, AirflowFailException)


def test_the_error_is_one_line_that_names_job_state_and_reason() -> None:
    reason = "AlgorithmError: no class folders\nin s3://bucket/source/ "
    told = str(failure_of(TRAINING, training_job("cars-1", "Failed", FailureReason=reason)))
    assert told.startswith("training job cars-1 is Failed: AlgorithmError: no class folders in s3:")
    assert "\n" not in told


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match=r"'tuning'.*processing"):
        kind_of("tuning")

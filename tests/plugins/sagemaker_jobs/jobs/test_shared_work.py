"""Tasks with the same work share one job, which has one owner."""

from dataclasses import replace
from typing import Any

import pytest

from sagemaker_jobs.errors import (
    JobConflict,
    JobFailed,
    PermanentAwsError,
    TrackingInterrupted,
    WorkOfOtherRun,
)
from sagemaker_jobs.jobs.ensure import EnsuredJob
from sagemaker_jobs.jobs.identity import JobIdentity, shared_job_name
from sagemaker_jobs.jobs.kinds import KINDS
from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner
from sagemaker_jobs.jobs.shared_work import WORK_TAG, ensure_task_job, find_shared_job
from tests.plugins.sagemaker_jobs.simulated_sagemaker import SimulatedSageMaker

TRAINING = KINDS["training"]
CONFIG = {
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/{job_name}/"},
    "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints/{first_job_name}"},
    "Tags": [{"Key": "team", "Value": "cars"}],
}
REQUEST = {"prefix": "cars-train", "deployment": "here", "work": "f1", "config": CONFIG}
FIRST, SECOND, THIRD = (shared_job_name("cars-train", "here", "f1", n) for n in (1, 2, 3))
ONE = JobIdentity("here", "cars__training", "submit", "scheduled__1", -1, 0)
OTHER = replace(ONE, run_id="manual__2")
CAPACITY = "CapacityError: Unable to provision requested ML compute capacity."


class Runs:
    """The runs that have not ended."""

    def __init__(self) -> None:
        self.active: set[str] = set()

    def __call__(self, owner: Owner) -> bool:
        return owner.run_id in self.active


@pytest.fixture
def aws() -> SimulatedSageMaker:
    return SimulatedSageMaker()


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def ensure(aws: SimulatedSageMaker, runs: Runs) -> Any:
    def call(identity: JobIdentity = ONE, request: Any = REQUEST, **more: Any) -> EnsuredJob:
        more = {"sensor_task_id": "track", "is_active": runs, **more}
        return ensure_task_job(aws, TRAINING, request, identity, **more)

    return call


def owner_of(aws: SimulatedSageMaker, name: str) -> str:
    return aws.tags_of(name)[TASK_TAG].rpartition("/")[2]


def test_without_a_job_the_first_attempt_is_created(aws: SimulatedSageMaker, ensure: Any) -> None:
    job = ensure()
    assert (job.name, job.attempt, job.created) == (FIRST, 1, True)
    config = aws.jobs[FIRST].request
    assert config["OutputDataConfig"] == {"S3OutputPath": f"s3://bucket/{FIRST}/"}
    assert config["CheckpointConfig"] == {"S3Uri": f"s3://bucket/checkpoints/{FIRST}"}
    tags = aws.tags_of(FIRST)
    assert (tags["team"], tags[WORK_TAG]) == ("cars", "f1")
    assert owner_of(aws, FIRST) == "scheduled__1"


@pytest.mark.parametrize("status", ["InProgress", "Stopping", "Completed"])
def test_another_run_attaches_and_becomes_the_owner_if_the_first_has_ended(
    aws: SimulatedSageMaker, ensure: Any, status: str
) -> None:
    ensure()
    aws.end(FIRST, status)
    job = ensure(OTHER)
    assert (job.name, job.created) == (FIRST, False)
    assert owner_of(aws, FIRST) == "manual__2"
    assert list(aws.jobs) == [FIRST]


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Stopped"])
def test_a_run_that_has_not_ended_keeps_its_job(
    aws: SimulatedSageMaker, ensure: Any, runs: Runs, status: str
) -> None:
    ensure()
    runs.active = {"scheduled__1"}
    aws.end(FIRST, status)
    with pytest.raises(WorkOfOtherRun, match=f"run scheduled__1 of cars__training .* {FIRST}"):
        ensure(OTHER)
    assert owner_of(aws, FIRST) == "scheduled__1"
    assert list(aws.jobs) == [FIRST]


def test_the_owner_attaches_although_its_run_has_not_ended(
    aws: SimulatedSageMaker, ensure: Any, runs: Runs
) -> None:
    ensure()
    runs.active = {"scheduled__1"}
    assert ensure().name == FIRST
    assert ensure(replace(ONE, generation=1)).name == FIRST
    assert list(aws.jobs) == [FIRST]


@pytest.mark.parametrize(("status", "reason"), [("Stopped", ""), ("Failed", CAPACITY)])
def test_the_next_attempt_resumes_an_interrupted_one(
    aws: SimulatedSageMaker, ensure: Any, status: str, reason: str
) -> None:
    ensure()
    aws.end(FIRST, status, reason)
    assert ensure(OTHER).name == SECOND
    aws.end(SECOND, status, reason)
    assert ensure().name == THIRD
    checkpoints = {"S3Uri": f"s3://bucket/checkpoints/{FIRST}"}
    assert aws.jobs[THIRD].request["CheckpointConfig"] == checkpoints


@pytest.mark.parametrize("difference", ["the request", "the end"])
def test_another_training_has_checkpoints_of_its_own(
    aws: SimulatedSageMaker, ensure: Any, difference: str
) -> None:
    ensure()
    request = REQUEST
    if difference == "the request":
        aws.end(FIRST, "Stopped")
        request = {**REQUEST, "config": {**CONFIG, "RoleArn": "another"}}
    else:
        aws.end(FIRST, "Failed", "AlgorithmError: NaN")
    assert ensure(OTHER, request).name == SECOND
    checkpoints = {"S3Uri": f"s3://bucket/checkpoints/{SECOND}"}
    assert aws.jobs[SECOND].request["CheckpointConfig"] == checkpoints


@pytest.mark.parametrize(
    "claim",
    [
        {},  # A retry of the submitting task, which was killed after it had created the job.
        {"since": 1},  # The sensor.
        {"identity": OTHER, "since": 1},  # The sensor of a run that had attached.
    ],
)
def test_a_permanent_failure_fails_the_tasks_that_wait_for_it(
    aws: SimulatedSageMaker, ensure: Any, claim: dict[str, Any]
) -> None:
    ensure()
    aws.end(FIRST, "Failed", "AlgorithmError: NaN")
    with pytest.raises(JobFailed, match="NaN"):
        ensure(**claim)
    assert list(aws.jobs) == [FIRST]


@pytest.mark.parametrize(
    "claim",
    [
        {"identity": OTHER},
        {"identity": replace(ONE, generation=1)},
        {"since": 1, "renewals": 1},
    ],
)
def test_another_run_or_a_clear_starts_a_failed_job_again(
    aws: SimulatedSageMaker, ensure: Any, runs: Runs, claim: dict[str, Any]
) -> None:
    ensure()
    runs.active = {"scheduled__1"}
    aws.end(FIRST, "Failed", "AlgorithmError: NaN")
    assert ensure(**claim).name == SECOND
    aws.end(SECOND, "Failed", "AlgorithmError: NaN")
    with pytest.raises(JobFailed):
        ensure(**claim)
    assert list(aws.jobs) == [FIRST, SECOND]


def test_a_completed_attempt_that_is_not_wanted_is_repeated_once(
    aws: SimulatedSageMaker, ensure: Any, runs: Runs
) -> None:
    ensure()
    aws.end(FIRST, "Completed")
    runs.active = {"scheduled__1"}
    request = {**REQUEST, "newer_than": 1}
    assert ensure(OTHER, request).name == SECOND
    assert ensure(OTHER, request).name == SECOND
    aws.end(SECOND, "Completed")
    for claim in ({}, {"since": 2, "renewals": 1}, {"identity": replace(OTHER, generation=1)}):
        assert ensure(**{"identity": OTHER, "request": request, **claim}).name == SECOND


@pytest.mark.parametrize("newer_than", [0, 1])
def test_another_runs_newer_attempt_serves_a_run_that_wanted_one(
    aws: SimulatedSageMaker, ensure: Any, newer_than: int
) -> None:
    ensure()
    aws.end(FIRST, "Failed", "AlgorithmError: NaN")
    ensure(OTHER)
    aws.end(SECOND, "Completed")
    third = replace(ONE, run_id="manual__3")
    assert ensure(third, {**REQUEST, "newer_than": newer_than}).name == SECOND


@pytest.mark.parametrize(
    ("status", "reason", "lost"),
    [("Failed", "AlgorithmError", []), ("Stopped", "", []), ("Completed", "", [2])],
)
def test_a_repetition_without_a_result_does_not_lose_the_first_one(
    aws: SimulatedSageMaker, ensure: Any, status: str, reason: str, lost: list[int]
) -> None:
    request = {**REQUEST, "lost": lost}
    ensure()
    aws.end(FIRST, "Completed")
    ensure(OTHER, {**REQUEST, "newer_than": 1})
    aws.end(SECOND, status, reason)
    found = find_shared_job(aws, TRAINING, request, lambda job: job.attempt not in lost)
    assert found is not None
    assert found.name == FIRST
    assert ensure(replace(ONE, run_id="scheduled__3"), request).name == FIRST
    again = replace(ONE, run_id="manual__4")
    assert ensure(again, {**request, "newer_than": 1}).name == THIRD


def test_no_second_job_is_started_beside_a_running_one(
    aws: SimulatedSageMaker, ensure: Any, runs: Runs
) -> None:
    ensure()
    request = {**REQUEST, "newer_than": 1}
    runs.active = {"scheduled__1"}
    with pytest.raises(WorkOfOtherRun):
        ensure(OTHER, request)
    runs.active = set()
    assert ensure(OTHER, request).name == FIRST


def test_two_tasks_that_find_no_job_at_the_same_time_create_one(
    aws: SimulatedSageMaker, ensure: Any, runs: Runs
) -> None:
    """The name is the lock: SageMaker refuses the second job of that name."""

    def other_scheduler() -> None:
        runs.active = {"manual__2"}
        ensure(OTHER)

    aws.before_create = other_scheduler
    with pytest.raises(WorkOfOtherRun, match="manual__2"):
        ensure()
    assert list(aws.jobs) == [FIRST]
    assert owner_of(aws, FIRST) == "manual__2"


def test_a_job_that_is_not_described_yet_is_attached_to_by_the_next_try(
    aws: SimulatedSageMaker, ensure: Any
) -> None:
    aws.before_create = lambda: aws.hide(FIRST)
    with pytest.raises(TrackingInterrupted):
        ensure()


def test_the_newest_of_many_attempts_is_found_with_few_calls(
    aws: SimulatedSageMaker, ensure: Any
) -> None:
    names = [shared_job_name("cars-train", "here", "f1", n) for n in range(1, 101)]
    for run, name in enumerate(names):
        assert ensure(replace(ONE, run_id=f"scheduled__{run}")).name == name
        aws.end(name, "Failed", "AlgorithmError: NaN")
    aws.calls.clear()
    newest = find_shared_job(aws, TRAINING, REQUEST, bool)
    assert newest is not None
    assert (newest.name, newest.attempt) == (names[-1], 100)
    assert aws.calls["describe_training_job"] < 40


def test_without_a_job_none_is_found(aws: SimulatedSageMaker) -> None:
    assert find_shared_job(aws, TRAINING, REQUEST, bool) is None


def test_a_job_without_the_tag_of_the_work_is_a_conflict(
    aws: SimulatedSageMaker, ensure: Any
) -> None:
    ensure()
    del aws.jobs[FIRST].tags[WORK_TAG]
    with pytest.raises(JobConflict, match="sagemaker-jobs:work is None and not f1"):
        ensure(OTHER)


def test_a_missing_permission_to_take_over_is_permanent(
    aws: SimulatedSageMaker, ensure: Any
) -> None:
    ensure()
    aws.refuse("add_tags", "AccessDeniedException", "not authorized to perform AddTags")
    with pytest.raises(PermanentAwsError, match="AddTags"):
        ensure(OTHER)

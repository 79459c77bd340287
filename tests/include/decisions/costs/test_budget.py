"""Tests of the budget check."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.config.sections.budget import Budget
from include.decisions.costs.budget import BudgetError, check_budget
from include.decisions.decision import Decision

NOW = datetime(2026, 11, 28, 1, tzinfo=UTC)
DEPLOYMENT = Deployment(
    name="production",
    bucket="some-bucket",
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri="image:1",
    region="us-east-1",
)
HYPERPARAMETERS = {"num_layers": "50", "epochs": "30", "num_training_samples": "1000"}
GO = Decision(True, "new data")
INSTANCE_TYPE, USD_PER_HOUR = "ml.g4dn.xlarge", 0.736
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012:training-job"


class Jobs:
    """Prepares the stub's answers about training jobs.

    Every request must be prepared: another one, such as ListTags of a job, fails the test.
    """

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    def found(self, *jobs: dict[str, Any], next_token: str | None = None, **request: str) -> None:
        """Prepare a page of jobs, the newest first."""
        tags = {"pipeline": "stanford_cars", "deployment": DEPLOYMENT.name}
        answer: dict[str, Any] = {"Results": [{"TrainingJob": job} for job in jobs]}
        self.stub.answer(
            "search",
            answer | ({"NextToken": next_token} if next_token else {}),
            Resource="TrainingJob",
            SearchExpression={
                "Filters": [
                    {"Name": f"Tags.{key}", "Operator": "Equals", "Value": value}
                    for key, value in tags.items()
                ]
            },
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=100,
            **request,
        )


def job(name: str, created: datetime = NOW, **more: Any) -> dict[str, Any]:
    """Return a job as Search does."""
    described = {
        "TrainingJobName": name,
        "TrainingJobStatus": "Completed",
        "ResourceConfig": {
            "InstanceType": INSTANCE_TYPE,
            "InstanceCount": 1,
            "VolumeSizeInGB": 1,
        },
        "CreationTime": created,
        "HyperParameters": HYPERPARAMETERS,
        "TrainingTimeInSeconds": 3600,
        "BillableTimeInSeconds": 3600,
        **more,
    }
    return {key: value for key, value in described.items() if value is not None}


@pytest.fixture
def jobs(sagemaker: Any) -> Jobs:
    return Jobs(sagemaker)


def cars(instance_type: str = INSTANCE_TYPE, **limits: float) -> Pipeline:
    pipeline = find_pipeline("stanford_cars")
    training = pipeline.training
    other = training.instance.model_copy(update={"instance_type": instance_type})
    training = training.model_copy(update={"instance": other, "spot": False})
    return pipeline.model_copy(update={"training": training, "budget": Budget(**limits)})


def decide(sagemaker: Any, pipeline: Pipeline, **changes: Any) -> Decision:
    deployment = dataclasses.replace(DEPLOYMENT, **changes)
    return check_budget(GO, sagemaker.client, pipeline, deployment, HYPERPARAMETERS, NOW)


def test_the_reason_of_a_run_within_the_budget_has_the_estimate(sagemaker: Any, jobs: Jobs) -> None:
    jobs.found(job("cars-1"))
    decision = decide(sagemaker, cars(per_run_usd=USD_PER_HOUR))
    assert decision.go
    assert decision.reason.startswith("new data; estimated cost: $0.74 for the training job")


def test_a_run_above_the_budget_per_run_fails(sagemaker: Any, jobs: Jobs) -> None:
    """The first run has no earlier job, so that the time limit of six hours is the basis."""
    jobs.found()
    with pytest.raises(BudgetError) as blocked:
        decide(sagemaker, cars(per_run_usd=4))
    assert str(blocked.value).startswith(
        "budget.per_run_usd is $4.00, and the estimated cost is $4.42 for the training job "
        "(1 x ml.g4dn.xlarge at $0.736 an hour, the price of 2026-09-25, for 21600 s: "
        "instance.max_runtime_minutes, since"
    )
    assert "raise the budget, or train for fewer epochs or on a smaller training.instance" in (
        str(blocked.value)
    )
    assert "Force does not override the budget" in str(blocked.value)


def test_a_run_above_the_budget_per_month_fails(sagemaker: Any, jobs: Jobs) -> None:
    """Failed and stopped jobs count as well; of spot instances only the billable time counts.

    Jobs are searched once for the estimate and for the month.
    """
    failed = job("cars-2", BillableTimeInSeconds=1800, TrainingJobStatus="Failed")
    two = {"InstanceType": "ml.c5.4xlarge", "InstanceCount": 2, "VolumeSizeInGB": 1}
    jobs.found(job("cars-3"), failed, job("cars-1", ResourceConfig=two))
    spent = USD_PER_HOUR * 1.5 + 2 * 0.816
    with pytest.raises(BudgetError) as blocked:
        decide(sagemaker, cars(per_month_usd=3))
    assert str(blocked.value).startswith(
        f"budget.per_month_usd is $3.00, training since 2026-11-01 (UTC) cost ${spent:.2f} "
        f"(jobs: 3), and this training would raise the sum to ${spent + USD_PER_HOUR:.2f}, with "
        "an estimated cost of $0.74"
    )
    assert "raise the budget, or wait for the next month; Force does not" in str(blocked.value)


@pytest.mark.parametrize(
    ("created", "counts"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), True),
        (datetime(2026, 10, 31, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 1, tzinfo=timezone(timedelta(hours=2))), False),
    ],
)
def test_only_jobs_of_the_current_month_in_utc_count(
    sagemaker: Any, jobs: Jobs, created: datetime, counts: bool
) -> None:
    jobs.found(job("cars-1", created))
    pipeline = cars(per_month_usd=1)
    if counts:
        with pytest.raises(BudgetError, match=r"since 2026-11-01 .* \(jobs: 1\)"):
            decide(sagemaker, pipeline)
    else:
        assert decide(sagemaker, pipeline).go


def test_a_running_job_counts_with_its_run_time_so_far(sagemaker: Any, jobs: Jobs) -> None:
    """Forgotten jobs that still run must use up the budget."""
    running: dict[str, Any] = {
        "TrainingJobStatus": "InProgress",
        "TrainingStartTime": NOW - timedelta(hours=10),
        "TrainingTimeInSeconds": None,
        "BillableTimeInSeconds": None,
    }
    jobs.found(job("cars-2", **running), job("cars-1", NOW - timedelta(days=40)))
    with pytest.raises(BudgetError, match=r"cost \$7\.36 \(jobs: 1\)"):
        decide(sagemaker, cars(per_month_usd=8))


def test_the_calls_do_not_grow_with_the_jobs(sagemaker: Any, jobs: Jobs) -> None:
    """A hundred jobs take one call; pages of earlier months are not read."""
    this_month = [job(f"cars-{number}", BillableTimeInSeconds=1) for number in range(150)]
    earlier = [job(f"old-{number}", NOW - timedelta(days=40)) for number in range(50)]
    jobs.found(*this_month[:100], next_token="2")
    jobs.found(*this_month[100:], *earlier, next_token="3", NextToken="2")
    assert decide(sagemaker, cars(per_month_usd=5)).go


def test_an_estimate_without_comparable_jobs_reads_one_page(sagemaker: Any, jobs: Jobs) -> None:
    jobs.found(*(job(f"cars-{n}", HyperParameters={}) for n in range(100)), next_token="2")
    assert "no comparable earlier training" in decide(sagemaker, cars()).reason


def test_without_a_price_and_a_budget_the_run_trains(sagemaker: Any) -> None:
    decision = decide(sagemaker, cars("ml.p9.xlarge"))
    assert decision.go
    assert "its cost is not estimated: no price is known for training on ml.p9.xlarge" in (
        decision.reason
    )


@pytest.mark.parametrize("limit", ["per_run_usd", "per_month_usd"])
def test_a_budget_that_cannot_be_checked_fails_the_run(sagemaker: Any, limit: str) -> None:
    expected = rf"budget\.{limit} cannot be checked: no price .* add it"
    with pytest.raises(BudgetError, match=expected):
        decide(sagemaker, cars("ml.p9.xlarge", **{limit: 1000}))


def test_an_earlier_job_on_an_instance_without_price_fails_the_check_of_the_month(
    sagemaker: Any, jobs: Jobs
) -> None:
    old = {"InstanceType": "ml.p2.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1}
    jobs.found(job("cars-1", ResourceConfig=old))
    with pytest.raises(BudgetError, match=r"month_usd cannot be checked .* job cars-1: no price"):
        decide(sagemaker, cars(per_month_usd=1000))


def test_the_local_deployment_has_no_costs(sagemaker: Any) -> None:
    """The YAML may have a budget for AWS; the local AWS bills nothing."""
    assert decide(sagemaker, cars(per_run_usd=0.01, per_month_usd=0.01), name="local") == GO


def test_a_skipped_run_is_not_estimated(sagemaker: Any) -> None:
    skipped = Decision(False, "nothing new")
    pipeline = cars(per_run_usd=0.01)
    assert (
        check_budget(skipped, sagemaker.client, pipeline, DEPLOYMENT, HYPERPARAMETERS, NOW)
        == skipped
    )


def test_without_the_permission_to_search_jobs_only_a_run_without_budget_trains(
    sagemaker: Any,
) -> None:
    for _ in range(2):
        sagemaker.refuse("search", "AccessDeniedException", "not allowed")
    decision = decide(sagemaker, cars())
    assert decision.go
    assert "its cost is not estimated: Airflow's role may not search training" in decision.reason
    with pytest.raises(BudgetError, match=r"budget\.per_run_usd cannot be checked: Airflow's role"):
        decide(sagemaker, cars(per_run_usd=4))

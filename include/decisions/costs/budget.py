"""Check a training's estimated cost against the pipeline's budget before the training starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice, takewhile, tee
from typing import Any

from include.common.aws_errors import is_denied
from include.common.errors import PermanentError
from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.prices import describe_unknown_price, training_price
from include.config.sections.budget import Budget
from include.decisions.costs.billing import HOUR, TrainingJob, training_jobs
from include.decisions.costs.estimate import Estimate, estimate_training
from include.decisions.decision import Decision

LOOK_BACK = 20
"""The number of recent jobs among which the estimate looks for a comparable one."""


class BudgetError(PermanentError):
    """A training would exceed the pipeline's budget, or its cost is unknown."""


def check_budget(
    decision: Decision,
    sagemaker: Any,
    pipeline: Pipeline,
    deployment: Deployment,
    hyperparameters: Mapping[str, str],
    now: datetime,
) -> Decision:
    """Add the estimated cost to a decision to train, and check it against the pipeline's budget.

    Args:
        decision: Whether the run trains. A decision to skip is returned unchanged. The budget
            applies to forced runs, too.
        sagemaker: A boto3 SageMaker client.
        pipeline: The pipeline to train, with its instances and its budget.
        deployment: The running deployment. In one that is not billed, such as `local`, nothing is
            estimated.
        hyperparameters: The training job's hyperparameters.
        now: The current time, timezone-aware.

    Raises:
        BudgetError: A limit would be exceeded or cannot be checked; the text has the figures and
            the fix.
    """
    if not (decision.go and deployment.is_billed):
        return decision
    training, budget = pipeline.training, pipeline.budget
    price = training_price(training.instance.instance_type, deployment.region)
    if price is None:
        unknown = describe_unknown_price(training.instance.instance_type, deployment.region)
        return _without_estimate(decision, budget, unknown)
    # One search serves both.
    recent, of_month = tee(training_jobs(sagemaker, pipeline, deployment, now))
    try:
        estimate = estimate_training(training, hyperparameters, price, islice(recent, LOOK_BACK))
    except sagemaker.exceptions.ClientError as error:
        if not is_denied(error):
            raise
        unknown = f"Airflow's role may not search training jobs, sagemaker:Search ({error})"
        return _without_estimate(decision, budget, unknown)
    _check_run(budget, estimate)
    _check_month(budget, estimate, of_month, deployment.region, now)
    return Decision(True, f"{decision.reason}; estimated cost: {estimate.text}")


def _without_estimate(decision: Decision, budget: Budget, unknown: str) -> Decision:
    """Return the decision without an estimate, or raise if the pipeline has a budget."""
    limits = [f"budget.{name}" for name, limit in budget.model_dump().items() if limit is not None]
    if limits:
        raise BudgetError(f"{' and '.join(limits)} cannot be checked: {unknown}")
    return Decision(True, f"{decision.reason}; its cost is not estimated: {unknown}")


def _check_run(budget: Budget, estimate: Estimate) -> None:
    limit = budget.per_run_usd
    if limit is not None and estimate.usd > limit:
        raise BudgetError(
            f"budget.per_run_usd is ${limit:.2f}, and the estimated cost is {estimate.text}: raise "
            "the budget, or train for fewer epochs or on a smaller training.instance; Force does "
            "not override the budget"
        )


def _check_month(
    budget: Budget,
    estimate: Estimate,
    jobs: Iterable[TrainingJob],
    region: str,
    now: datetime,
) -> None:
    limit = budget.per_month_usd
    if limit is None:
        return
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    costs = [_cost(job, region) for job in takewhile(lambda job: job.created >= start, jobs)]
    spent = sum(costs)
    if spent + estimate.usd > limit:
        since = f"training since {start:%Y-%m-%d} (UTC) cost ${spent:.2f} (jobs: {len(costs)})"
        raise BudgetError(
            f"budget.per_month_usd is ${limit:.2f}, {since}, and this training would raise the sum "
            f"to ${spent + estimate.usd:.2f}, with an estimated cost of {estimate.text}: raise the "
            "budget, or wait for the next month; Force does not override the budget"
        )


def _cost(job: TrainingJob, region: str) -> float:
    """Return what a job was billed so far, in US dollars."""
    price = training_price(job.instance_type, region)
    if price is None:
        unknown = describe_unknown_price(job.instance_type, region)
        raise BudgetError(
            f"budget.per_month_usd cannot be checked because of job {job.name}: {unknown}"
        )
    return job.instances * price.usd_per_hour * job.billed_seconds / HOUR

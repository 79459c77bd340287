"""May tonight's training cost what it will? Held against the pipeline's caps before it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice, takewhile, tee
from typing import Any

from include.common.aws_errors import is_denied
from include.common.errors import PermanentError
from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.prices import training_price, unknown_price
from include.config.sections.budget import Budget
from include.decisions.costs.billing import HOUR, TrainingJob, training_jobs
from include.decisions.costs.estimate import Estimate, estimate_training
from include.decisions.decision import Decision

LOOK_BACK = 20
"""Among how many earlier jobs one is looked for that tells how long tonight's will take."""


class BudgetError(PermanentError):
    """Training would cost more than the pipeline allows, or what it costs is not known."""


def check_budget(
    decision: Decision,
    sagemaker: Any,
    pipeline: Pipeline,
    deployment: Deployment,
    hyperparameters: Mapping[str, str],
    now: datetime,
) -> Decision:
    """Add the estimated cost to the reason of a night that trains; others are left as they are.

    Args:
        decision: Whether the night trains, forced or not: force lifts no cap.
        sagemaker: A boto3 SageMaker client.
        pipeline: What trains, on which machines, with which budget.
        deployment: Where: without a bill, as on one machine, nothing is estimated.
        hyperparameters: Those of the job.
        now: The current time, timezone-aware.

    Raises:
        BudgetError: A cap would be exceeded, or cannot be checked; the text has figures and fix.
    """
    if not (decision.go and deployment.is_billed):
        return decision
    training, budget = pipeline.training, pipeline.budget
    price = training_price(training.instance.instance_type, deployment.region)
    if price is None:
        unknown = unknown_price(training.instance.instance_type, deployment.region)
        _require_no_caps(budget, unknown)
        return Decision(True, f"{decision.reason}; its cost is not estimated: {unknown}")
    recent, of_month = tee(training_jobs(sagemaker, pipeline, deployment, now))
    try:
        estimate = estimate_training(training, hyperparameters, price, islice(recent, LOOK_BACK))
    except sagemaker.exceptions.ClientError as error:
        if not is_denied(error):
            raise
        unknown = f"Airflow's role may not list training jobs and their tags ({error})"
        _require_no_caps(budget, unknown)
        return Decision(True, f"{decision.reason}; its cost is not estimated: {unknown}")
    _check_run(budget, estimate)
    _check_month(budget, estimate, of_month, deployment.region, now)
    return Decision(True, f"{decision.reason}; estimated cost: {estimate.text}")


def _require_no_caps(budget: Budget, unknown: str) -> None:
    caps = [f"budget.{name}" for name, cap in budget.model_dump().items() if cap is not None]
    if caps:
        raise BudgetError(f"{' and '.join(caps)} cannot be checked: {unknown}")


def _check_run(budget: Budget, estimate: Estimate) -> None:
    cap = budget.per_run_usd
    if cap is not None and estimate.usd > cap:
        raise BudgetError(
            f"budget.per_run_usd is ${cap:.2f}, and the estimated cost {estimate.text}: raise it, "
            "or train for fewer epochs or on a smaller training.instance; Force lifts no cap"
        )


def _check_month(
    budget: Budget,
    estimate: Estimate,
    jobs: Iterable[TrainingJob],
    region: str,
    now: datetime,
) -> None:
    cap = budget.per_month_usd
    if cap is None:
        return
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    costs = [_cost(job, region) for job in takewhile(lambda job: job.created >= start, jobs)]
    spent = sum(costs)
    if spent + estimate.usd > cap:
        since = f"training since {start:%Y-%m-%d} (UTC) cost ${spent:.2f} (jobs: {len(costs)})"
        raise BudgetError(
            f"budget.per_month_usd is ${cap:.2f}, {since}, and tonight's would make it "
            f"${spent + estimate.usd:.2f}, with an estimated cost of {estimate.text}: raise it, or "
            "wait for the next month; Force lifts no cap"
        )


def _cost(job: TrainingJob, region: str) -> float:
    price = training_price(job.instance_type, region)
    if price is None:
        unknown = unknown_price(job.instance_type, region)
        raise BudgetError(f"budget.per_month_usd cannot be checked, for {job.name}: {unknown}")
    return job.instances * price.usd_per_hour * job.billed_seconds / HOUR

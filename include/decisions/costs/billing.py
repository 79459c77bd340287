"""What a pipeline's training jobs took and cost: asked of SageMaker, never written down twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.prices import training_price
from include.decisions.tags import read_tags

HOUR = 3600


@dataclass(frozen=True)
class TrainingJob:
    """A training job as SageMaker describes it.

    Attributes:
        name: Its name.
        created: When it was created.
        completed: Whether it did what it should.
        instance_type: What it ran on.
        instances: On how many of them.
        hyperparameters: What it was given.
        seconds: How long it ran, by the clock.
        billed_seconds: The part of it that is billed, of each machine: less for spot machines.
    """

    name: str
    created: datetime
    completed: bool
    instance_type: str
    instances: int
    hyperparameters: Mapping[str, str]
    seconds: float
    billed_seconds: float


def training_jobs(
    sagemaker: Any, pipeline: Pipeline, deployment: Deployment, now: datetime
) -> Iterator[TrainingJob]:
    """Yield the training jobs of a pipeline in this deployment, the newest first.

    Args:
        sagemaker: A boto3 SageMaker client.
        pipeline: Whose jobs.
        deployment: Whose jobs: another one's of the same account are left out by their tags.
        now: The present moment, up to which a running job has run.
    """
    pages = sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=f"{pipeline.slug}-train-", SortBy="CreationTime", SortOrder="Descending"
    )
    ours = {("pipeline", pipeline.name), ("deployment", deployment.name)}
    for page in pages:
        for listed in page["TrainingJobSummaries"]:
            if ours <= read_tags(sagemaker, listed["TrainingJobArn"]).items():
                name = listed["TrainingJobName"]
                yield _job(sagemaker.describe_training_job(TrainingJobName=name), now)


def cost_usd(summary: Mapping[str, Any], deployment: Deployment) -> float | None:
    """Return what a finished training job cost in US dollars, by what tracking it returned.

    None where nothing is billing_facts, or where no price is known.
    """
    seconds = summary["billable_seconds"]
    if not deployment.is_billed or seconds is None:
        return None
    price = training_price(summary["instance_type"], deployment.region)
    return round(price.usd_per_hour * seconds / HOUR, 4) if price else None


def billing_facts(summary: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """Return what a finished training job cost, for its candidate's package.

    Args:
        summary: What tracking the job returned.
        deployment: Where it ran.

    Returns:
        `billable_seconds` of all machines together, `spot_saving` as a share, and `cost_usd`.
    """
    return {
        "billable_seconds": summary["billable_seconds"],
        "spot_saving": summary.get("spot_saving"),
        "cost_usd": cost_usd(summary, deployment),
    }


def _job(described: Mapping[str, Any], now: datetime) -> TrainingJob:
    resources = described["ResourceConfig"]
    seconds = _seconds(described, now)
    return TrainingJob(
        name=described["TrainingJobName"],
        created=described["CreationTime"],
        completed=described["TrainingJobStatus"] == "Completed",
        instance_type=resources["InstanceType"],
        instances=resources.get("InstanceCount", 1),
        hyperparameters=described.get("HyperParameters", {}),
        seconds=seconds,
        billed_seconds=described.get("BillableTimeInSeconds", seconds),
    )


def _seconds(described: Mapping[str, Any], now: datetime) -> float:
    """Return how long a job ran, or has run so far."""
    if "TrainingTimeInSeconds" in described:
        return float(described["TrainingTimeInSeconds"])
    started = described.get("TrainingStartTime")
    if started is None:
        return 0.0
    ran: timedelta = described.get("TrainingEndTime", now) - started
    return ran.total_seconds()

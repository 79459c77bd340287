"""Durations and costs of a pipeline's training jobs, read from SageMaker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.prices import training_price

HOUR = 3600

PAGE_SIZE = 100
"""The largest number of jobs that SageMaker returns with a call."""


@dataclass(frozen=True)
class TrainingJob:
    """A training job as SageMaker describes it.

    Attributes:
        name: The job's name.
        created: When the job was created.
        completed: Whether the job has the status Completed.
        instance_type: The type of its instances.
        instances: The number of its instances.
        hyperparameters: Its hyperparameters.
        seconds: Its run time in seconds.
        billed_seconds: The billable seconds of each instance; fewer than `seconds` on spot
            instances.
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
    """Return the training jobs of a pipeline in this deployment, the newest first.

    Each `PAGE_SIZE` jobs take one call of AWS, when the first of them is read. A new job may be
    missing for some seconds.

    Args:
        sagemaker: A boto3 SageMaker client.
        pipeline: The pipeline that created the jobs.
        deployment: The deployment that created the jobs; the jobs' tags name it.
        now: The current time, timezone-aware, up to which a running job has run.
    """
    tags = {"pipeline": pipeline.name, "deployment": deployment.name}
    # Search returns whole jobs. List has neither tags nor durations, which take two calls a job.
    pages = sagemaker.get_paginator("search").paginate(
        Resource="TrainingJob",
        SearchExpression={
            "Filters": [
                {"Name": f"Tags.{key}", "Operator": "Equals", "Value": value}
                for key, value in tags.items()
            ]
        },
        SortBy="CreationTime",
        SortOrder="Descending",
        PaginationConfig={"PageSize": PAGE_SIZE},
    )
    return (_job(found["TrainingJob"], now) for page in pages for found in page["Results"])


def cost_usd(summary: Mapping[str, Any], deployment: Deployment) -> float | None:
    """Return the cost of a finished training job in US dollars.

    Args:
        summary: The job's summary, as its tracking task returned it.
        deployment: The deployment in which the job ran.

    Returns:
        None if the deployment is not billed, or if no price is known.
    """
    seconds = summary["billable_seconds"]
    if not deployment.is_billed or seconds is None:
        return None
    price = training_price(summary["instance_type"], deployment.region)
    return round(price.usd_per_hour * seconds / HOUR, 4) if price else None


def billing_facts(summary: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """Return the billing facts of a finished training job for its candidate's package.

    Args:
        summary: The job's summary, as its tracking task returned it.
        deployment: The deployment in which the job ran.

    Returns:
        `billable_seconds` (the sum over all instances), `spot_saving` (a share), and `cost_usd`.
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
    """Return a job's run time; of a running job, the run time so far."""
    if "TrainingTimeInSeconds" in described:
        return float(described["TrainingTimeInSeconds"])
    started = described.get("TrainingStartTime")
    if started is None:
        return 0.0
    ran: timedelta = described.get("TrainingEndTime", now) - started
    return ran.total_seconds()

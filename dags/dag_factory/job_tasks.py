"""A job as two tasks: one submits it, the other follows it and returns its summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dag_factory.run_context import load_deployment
from dag_factory.timeouts import TIMEOUT_MARGIN
from sagemaker_jobs import (
    SageMakerJobSensor,
    SageMakerSubmitProcessingOperator,
    SageMakerSubmitTrainingOperator,
    SageMakerSubmitTransformOperator,
)


def add_processing_job(stage: str, request: Any, timeout: timedelta, after: Any = None) -> Any:
    """Add a processing job to the DAG, and return its summary's XCom.

    Args:
        stage: The second half of the two tasks' ids.
        request: The XCom that holds the request.
        timeout: How long the job may take, waiting for a machine included.
        after: What must be done before, beside the task that made the request.
    """
    submitted = SageMakerSubmitProcessingOperator(task_id=f"submit_{stage}", request=request)
    return _track(stage, submitted, timeout, after)


def add_training_job(stage: str, request: Any, timeout: timedelta, after: Any = None) -> Any:
    """Add a training job to the DAG, like `add_processing_job`."""
    submitted = SageMakerSubmitTrainingOperator(task_id=f"submit_{stage}", request=request)
    return _track(stage, submitted, timeout, after, cost_usd=training_cost)


def add_transform_job(stage: str, request: Any, timeout: timedelta, after: Any = None) -> Any:
    """Add a batch transform job to the DAG, like `add_processing_job`."""
    submitted = SageMakerSubmitTransformOperator(task_id=f"submit_{stage}", request=request)
    return _track(stage, submitted, timeout, after)


def training_cost(summary: Mapping[str, Any]) -> float | None:
    """Return what a training job cost in US dollars, by its summary; only while a task runs."""
    from include.decisions.costs.billing import cost_usd

    return cost_usd(summary, load_deployment())


def _track(stage: str, submitted: Any, timeout: timedelta, after: Any, **more: Any) -> Any:
    if after is not None:
        after >> submitted
    sensor = SageMakerJobSensor(
        task_id=f"track_{stage}",
        job=submitted.output,
        timeout=timeout,
        execution_timeout=timeout + TIMEOUT_MARGIN,
        **more,
    )
    submitted.sensor_task_id = sensor.task_id
    return sensor.output

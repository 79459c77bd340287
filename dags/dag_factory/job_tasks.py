"""A SageMaker job as two tasks: one submits it, the other follows it and returns its summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dag_factory.job_docs import ensure_model_doc, submit_doc, track_doc
from dag_factory.observability.lineage import facts_of
from dag_factory.run_context import load_deployment
from dag_factory.timeouts import TIMEOUT_MARGIN
from sagemaker_jobs import (
    SageMakerEnsureModelOperator,
    SageMakerJobSensor,
    SageMakerSubmitProcessingOperator,
    SageMakerSubmitTrainingOperator,
    SageMakerSubmitTransformOperator,
)


def add_processing_job(
    stage: str, request: Any, timeout: timedelta, *, notes: str, after: Any = None
) -> Any:
    """Add the tasks `submit_<stage>` and `track_<stage>` of a processing job.

    Args:
        stage: The second half of the two tasks' ids.
        request: The XCom that holds the request.
        timeout: How long the job may take, including the wait for an instance.
        notes: What to do when the job fails: Markdown, as `job_docs` describes.
        after: A task that must have succeeded before, besides the one that made the request.

    Returns:
        The XCom of the job's summary.
    """
    job = f"the processing job `{stage}`"
    submitted = SageMakerSubmitProcessingOperator(
        task_id=f"submit_{stage}", request=request, doc_md=submit_doc(job)
    )
    return _track(stage, submitted, timeout, after, doc_md=track_doc(job, notes))


def add_training_job(
    stage: str, request: Any, timeout: timedelta, *, notes: str, after: Any = None
) -> Any:
    """Add the tasks of a training job, like `add_processing_job`."""
    job = f"the training job `{stage}`"
    submitted = SageMakerSubmitTrainingOperator(
        task_id=f"submit_{stage}", request=request, doc_md=submit_doc(job)
    )
    doc_md = track_doc(job, notes)
    return _track(stage, submitted, timeout, after, doc_md=doc_md, cost_usd=training_cost)


def add_transform_job(
    stage: str, request: Any, timeout: timedelta, *, notes: str, after: Any = None
) -> Any:
    """Add the tasks of a batch transform job, like `add_processing_job`."""
    job = f"the batch transform job `{stage}`"
    submitted = SageMakerSubmitTransformOperator(
        task_id=f"submit_{stage}", request=request, doc_md=submit_doc(job)
    )
    return _track(stage, submitted, timeout, after, doc_md=track_doc(job, notes))


def add_model(request: Any, planned_by: str) -> Any:
    """Add the task `ensure_model`, which creates a SageMaker model, and return it.

    Args:
        request: The XCom that holds the request.
        planned_by: The id of the task that returns the request.
    """
    return SageMakerEnsureModelOperator(
        task_id="ensure_model", request=request, doc_md=ensure_model_doc(planned_by)
    )


def training_cost(summary: Mapping[str, Any]) -> float | None:
    """Return what a training job cost in US dollars, by its summary; only while a task runs."""
    from include.decisions.costs.billing import cost_usd

    return cost_usd(summary, load_deployment())


def _track(stage: str, submitted: Any, timeout: timedelta, after: Any, **arguments: Any) -> Any:
    if after is not None:
        after >> submitted
    sensor = SageMakerJobSensor(
        task_id=f"track_{stage}",
        job=submitted.output,
        timeout=timeout,
        execution_timeout=timeout + TIMEOUT_MARGIN,
        lineage_facts=facts_of(stage),
        **arguments,
    )
    submitted.sensor_task_id = sensor.task_id
    return sensor.output

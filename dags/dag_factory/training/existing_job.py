"""Find the training job that an earlier or a parallel run started for the same training."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import get_current_context

from include.decisions.training.existing_job import ExistingJob
from include.sagemaker_requests.job import JobRequest
from sagemaker_jobs.jobs.kinds import get_kind
from sagemaker_jobs.jobs.outcome import Outcome
from sagemaker_jobs.jobs.ownership import Owner
from sagemaker_jobs.jobs.shared_work import find_shared_job, run_is_active

_STATUSES: dict[Outcome, Literal["running", "completed", "interrupted", "failed"]] = {
    Outcome.RUNNING: "running",
    Outcome.COMPLETED: "completed",
    Outcome.RETRYABLE: "interrupted",
    Outcome.PERMANENT: "failed",
}


def find_training(sagemaker: Any, request: JobRequest) -> ExistingJob | None:
    """Return the newest training job of a request's work, or None; only while a task runs.

    Args:
        sagemaker: A boto3 SageMaker client.
        request: The request, from `shared_request`.
    """
    job = find_shared_job(sagemaker, get_kind("training"), dict(request))
    if job is None:
        return None
    return ExistingJob(
        name=job.name,
        attempt=job.attempt,
        status=_STATUSES[job.outcome],
        model_uri=job.description.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
        started_from=job.tags.get("started_from"),
        run=_other_active_run(job.owner),
    )


def _other_active_run(owner: Owner | None) -> str | None:
    """Return the run of a job's owner if it is not this run and has not ended."""
    ti = get_current_context()["ti"]
    if owner is None or (owner.dag_id, owner.run_id) == (ti.dag_id, ti.run_id):
        return None
    return owner.run_id if run_is_active(owner) else None

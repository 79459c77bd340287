"""Find the training job that an earlier or a parallel run started for the same training."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import get_current_context

from include.decisions.training.existing_job import ExistingJob, model_exists
from include.sagemaker_requests.job import JobRequest
from sagemaker_jobs.jobs.kinds import get_kind
from sagemaker_jobs.jobs.outcome import Outcome
from sagemaker_jobs.jobs.ownership import Owner
from sagemaker_jobs.jobs.shared_work import SharedJob, find_shared_job, run_is_active

_STATUSES: dict[Outcome, Literal["running", "completed", "interrupted", "failed"]] = {
    Outcome.RUNNING: "running",
    Outcome.COMPLETED: "completed",
    Outcome.RETRYABLE: "interrupted",
    Outcome.PERMANENT: "failed",
}


def find_training(s3: Any, sagemaker: Any, request: JobRequest) -> ExistingJob | None:
    """Return the training job of a request's work that counts, or None; only while a task runs.

    A job that has completed but whose model was deleted since is `failed`, and does not count if
    an earlier one has its model.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        request: The request, from `shared_request`.
    """
    lost: list[int] = []

    def has_model(job: SharedJob) -> bool:
        exists = model_exists(s3, _model_uri(job))
        if not exists:
            lost.append(job.attempt)
        return exists

    job = find_shared_job(sagemaker, get_kind("training"), dict(request), has_model)
    if job is None:
        return None
    return ExistingJob(
        name=job.name,
        attempt=job.attempt,
        status="failed" if job.attempt in lost else _STATUSES[job.outcome],
        model_uri=_model_uri(job),
        started_from=job.tags.get("started_from"),
        run=_other_active_run(job.owner),
        lost=tuple(lost),
    )


def _model_uri(job: SharedJob) -> str:
    return str(job.description.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""))


def _other_active_run(owner: Owner | None) -> str | None:
    """Return the run of a job's owner if it is not this run and has not ended."""
    ti = get_current_context()["ti"]
    if owner is None or (owner.dag_id, owner.run_id) == (ti.dag_id, ti.run_id):
        return None
    return owner.run_id if run_is_active(owner) else None

"""Documentation of the tasks that run operators of `sagemaker_jobs`: `doc_md` with failure notes.

The first paragraph says what a task does. Each note begins with quotes of the error message that it
is for, in asterisks; `notifications` selects the notes of a failure by these quotes.
"""

from __future__ import annotations


def submit_doc(job: str) -> str:
    """Return the documentation of a task that submits a job.

    Args:
        job: What is submitted: "the training job `train`".
    """
    return f"""
Submit {job}, or attach to the job that an earlier attempt of this task submitted.

- *SageMaker does not accept*, *ResourceLimitExceeded*: run the DAG preflight, which names the fix
  for a value, the role or a quota; iam:PassRole is in docs/iam/airflow.json. Then clear the task.
- Any other failure: fix what the message names, then clear the task.
"""


def track_doc(job: str, notes: str) -> str:
    """Return the documentation of a task that follows a job.

    Args:
        job: What is followed: "the training job `train`".
        notes: The failure notes of the job.
    """
    return f"""
Wait for {job} without holding a worker slot, log its progress, and return its summary.
{notes}"""


def ensure_model_doc(planned_by: str) -> str:
    """Return the documentation of a task that creates a SageMaker model.

    Args:
        planned_by: The task that returns the model's request.
    """
    return f"""
Create the SageMaker model, or use the existing model of that name.

- *AccessDenied*: give Airflow's role the right that the message names, as in
  docs/iam/airflow.json, then clear the task.
- *ValidationException*: SageMaker cannot use the role, the image or the model's data. The message
  names it, and the DAG preflight the fix for role and image. Then clear `{planned_by}` and its
  downstream tasks, as the fix may be in the YAML. Jobs that completed before are not repeated.
- Any other failure: fix what the message names, then clear the task.
"""

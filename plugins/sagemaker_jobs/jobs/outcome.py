"""The outcome of a job: completed, to be retried, or permanently failed."""

from enum import Enum

from sagemaker_jobs.errors import JobFailed, JobInterrupted
from sagemaker_jobs.failure_reasons import job_cause
from sagemaker_jobs.jobs.kinds import RUNNING_STATES, Description, JobKind


class Outcome(Enum):
    """The outcome of a job for the task that owns it."""

    RUNNING = "running"
    COMPLETED = "completed"
    RETRYABLE = "ended for a retryable reason"
    PERMANENT = "failed for a permanent reason"


def outcome_of(kind: JobKind, description: Description) -> Outcome:
    """Classify a described job.

    Lack of capacity, internal errors of SageMaker, interruptions and stops are retryable. A job
    that exceeded its time limit would do so again, and all other failures are permanent, too.
    """
    status = kind.status(description)
    if status in RUNNING_STATES:
        return Outcome.RUNNING
    if status == "Completed":
        return Outcome.COMPLETED
    if status == "Stopped":
        return Outcome.PERMANENT if _ran_out_of_time(kind, description) else Outcome.RETRYABLE
    if description.get("SecondaryStatus") == "Interrupted":
        return Outcome.RETRYABLE
    retryable = job_cause(str(description.get("FailureReason", ""))) == "aws"
    return Outcome.RETRYABLE if retryable else Outcome.PERMANENT


def failure_of(kind: JobKind, description: Description) -> JobInterrupted | JobFailed:
    """Return the error for a job that ended without completing; its type decides about a retry."""
    name = description[kind.name_field]
    reason = f"{kind.name} job {name} is {kind.status(description)}: {reason_of(kind, description)}"
    error: JobInterrupted | JobFailed
    if outcome_of(kind, description) is Outcome.RETRYABLE:
        error = JobInterrupted(f"{reason}. The task's next try starts it again.")
    else:
        error = JobFailed(f"{reason}. Fix the cause, then clear this task to start the job again.")
    error.job_name = name
    error.description = description
    return error


def reason_of(kind: JobKind, description: Description) -> str:
    """Return the reason for a job's end in one line, as SageMaker reports it."""
    reason = description.get("FailureReason") or description.get("ExitMessage")
    if not reason and _ran_out_of_time(kind, description):
        reason = "it exceeded StoppingCondition.MaxRuntimeInSeconds, which can be raised"
    if not reason and description.get("SecondaryStatus") == "MaxWaitTimeExceeded":
        reason = "it waited for a spot instance longer than MaxWaitTimeInSeconds"
    return " ".join(str(reason or "no reason given").split()).rstrip(".")


def _ran_out_of_time(kind: JobKind, description: Description) -> bool:
    """Return whether the job's time limit stopped it; processing jobs have only their times."""
    if "SecondaryStatus" in description:
        return bool(description["SecondaryStatus"] == "MaxRuntimeExceeded")
    limit = description.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    started, ended = kind.started(description), kind.ended(description)
    if not (limit and started and ended):
        return False
    return bool((ended - started).total_seconds() >= limit)

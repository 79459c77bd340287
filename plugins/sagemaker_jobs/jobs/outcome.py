"""What a job's end means: done, to be tried again, or failed for good."""

from enum import Enum

from sagemaker_jobs.errors import JobFailed, JobInterrupted
from sagemaker_jobs.failure_reasons import job_cause
from sagemaker_jobs.jobs.kinds import RUNNING_STATES, Description, JobKind


class Outcome(Enum):
    """Where a job stands, as far as the task that owns it is concerned."""

    RUNNING = "running"
    COMPLETED = "completed"
    RETRYABLE = "ended for a passing reason"
    PERMANENT = "failed for a lasting reason"


def outcome_of(kind: JobKind, description: Description) -> Outcome:
    """Classify a described job.

    Lack of capacity, SageMaker's own errors, interruptions and stops pass. A job that ran into its
    own time limit would do so again, and whatever else failed has failed for good.
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
    passing = job_cause(str(description.get("FailureReason", ""))) == "aws"
    return Outcome.RETRYABLE if passing else Outcome.PERMANENT


def failure_of(kind: JobKind, description: Description) -> JobInterrupted | JobFailed:
    """Return the error for a job that ended without completing: the type says if it passes."""
    name = description[kind.name_field]
    told = f"{kind.name} job {name} is {kind.status(description)}: {reason_of(kind, description)}"
    error: JobInterrupted | JobFailed
    if outcome_of(kind, description) is Outcome.RETRYABLE:
        error = JobInterrupted(f"{told}. The task's next try starts it anew.")
    else:
        error = JobFailed(f"{told}. Mend the cause, then clear this task to start the job anew.")
    error.job_name = name
    error.description = description
    return error


def reason_of(kind: JobKind, description: Description) -> str:
    """Return in one line why a job ended, as far as SageMaker says it."""
    reason = description.get("FailureReason") or description.get("ExitMessage")
    if not reason and _ran_out_of_time(kind, description):
        reason = "it ran into StoppingCondition.MaxRuntimeInSeconds, which may be set higher"
    if not reason and description.get("SecondaryStatus") == "MaxWaitTimeExceeded":
        reason = "it waited for a spot machine longer than MaxWaitTimeInSeconds"
    return " ".join(str(reason or "no reason given").split()).rstrip(".")


def _ran_out_of_time(kind: JobKind, description: Description) -> bool:
    """Tell whether the job's own limit stopped it: of a processing job only its times say so."""
    if "SecondaryStatus" in description:
        return bool(description["SecondaryStatus"] == "MaxRuntimeExceeded")
    limit = description.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    started, ended = kind.started(description), kind.ended(description)
    if not (limit and started and ended):
        return False
    return bool((ended - started).total_seconds() >= limit)

"""`ensure_job`: creates the job for a task, or attaches to the job that exists."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from sagemaker_jobs.aws_errors import Client, error_message, is_existing, is_permanent
from sagemaker_jobs.errors import JobConflict, JobRequestError, TrackingInterrupted
from sagemaker_jobs.jobs.identity import JobIdentity, request_digest, with_job_names
from sagemaker_jobs.jobs.kinds import Description, JobKind
from sagemaker_jobs.jobs.outcome import Outcome, failure_of, outcome_of
from sagemaker_jobs.jobs.ownership import ownership_tags
from sagemaker_jobs.permanent_errors import raise_permanent_errors

REQUEST_TAG = "sagemaker-jobs:request"


@dataclass(frozen=True)
class EnsuredJob:
    """The job of a task.

    Attributes:
        kind: The kind of job.
        name: The job's name.
        renewal: The number of clears of the sensor alone before the job was created.
        attempt: The number of the attempt, from 1.
        description: The answer of Describe*Job, or None if this call has just created the job.
    """

    kind: JobKind
    name: str
    renewal: int
    attempt: int
    description: Description | None

    @property
    def created(self) -> bool:
        """Whether this call created the job, rather than attached to it."""
        return self.description is None

    @property
    def outcome(self) -> Outcome:
        """The job's outcome so far."""
        return outcome_of(self.kind, self.description) if self.description else Outcome.RUNNING

    def __str__(self) -> str:
        how = "created" if self.created else "attached to"
        status = "" if self.description is None else f", {self.kind.status(self.description)}"
        return f"{how} {self.kind.name} job {self.name} (attempt {self.attempt}{status})"


def ensure_job(
    client: Client,
    kind: JobKind,
    request: dict[str, Any],
    identity: JobIdentity,
    *,
    renewals: int = 0,
    sensor_task_id: str | None = None,
) -> EnsuredJob:
    """Return the job of a task, and create it if it does not exist.

    The job's name follows from the identity. The call attaches to a job that runs or is completed.
    It creates the next attempt after a job that was stopped or failed for a retryable reason. One
    call creates at most one job.

    Args:
        client: A SageMaker client of boto3.
        kind: The kind of job.
        request: ``prefix`` (of the name) and ``config``: the boto3 request without the job's name.
            ``{job_name}`` in a string of the request is replaced by the job's name, and
            ``{first_job_name}`` by the name of the first attempt.
        identity: The task that submits the job.
        renewals: How often a user has cleared the sensor alone. A job that failed for a permanent
            reason before the last of these clears is started again.
        sensor_task_id: The task that waits for the job, for the tag by which `sweep` finds it.

    Raises:
        JobFailed: The newest attempt failed for a permanent reason.
        JobConflict: A job of that name exists, but with another request.
        JobRequestError: SageMaker does not accept the request.
        PermanentAwsError: AWS does not allow to describe the job or its tags.
    """
    attempts = _Attempts(client, kind, request, identity, sensor_task_id)
    for renewal in range(renewals):
        job = attempts.newest(renewal)
        if job and job.outcome in (Outcome.RUNNING, Outcome.COMPLETED):
            return job
    job = attempts.newest(renewals)
    if job is None or job.outcome is Outcome.RETRYABLE:
        return attempts.create(renewals, attempt=job.attempt + 1 if job else 1)
    if job.outcome is Outcome.PERMANENT:
        raise failure_of(kind, job.description or {})
    return job


def create_job(client: Client, kind: JobKind, name: str, config: dict[str, Any]) -> bool:
    """Create a job, and return False if a job of that name exists.

    Raises:
        JobRequestError: SageMaker does not accept the request.
    """
    try:
        kind.create(client, config)
    except client.exceptions.ClientError as error:
        if is_existing(error):
            return False
        if not is_permanent(error):  # An error with an unknown code is retried.
            raise
        raise JobRequestError(
            f"SageMaker does not accept {kind.name} job {name}: {error_message(error)}"
        ) from error
    return True


def read_tags(client: Client, kind: JobKind, description: Description) -> dict[str, str]:
    """Return the tags of a described job, by key.

    Raises:
        PermanentAwsError: AWS does not allow to read them.
    """
    with raise_permanent_errors(f"{kind.name} job {description[kind.name_field]}"):
        tags = client.list_tags(ResourceArn=description[kind.arn_field]).get("Tags", [])
    return {tag["Key"]: tag["Value"] for tag in tags}


def not_described(kind: JobKind, name: str) -> TrackingInterrupted:
    """Return the error for a job whose name is taken, but which SageMaker does not describe."""
    return TrackingInterrupted(
        f"{kind.name} job {name} exists but cannot be described yet: the task's next try attaches "
        "to it"
    )


class _Attempts:
    """The jobs of a task, found and created by the names that follow from its identity."""

    def __init__(
        self,
        client: Client,
        kind: JobKind,
        request: dict[str, Any],
        identity: JobIdentity,
        sensor_task_id: str | None,
    ) -> None:
        self._client = client
        self._kind = kind
        self._prefix = str(request["prefix"])
        self._config: dict[str, Any] = request["config"]
        self._identity = identity
        self._sensor_task_id = sensor_task_id
        self._digest = request_digest(kind.name, self._config)

    def newest(self, renewal: int) -> EnsuredJob | None:
        """Return the newest attempt of a renewal, or None if it has none."""
        newest = None
        for attempt in count(1):
            job = self._find(renewal, attempt)
            if job is None:
                break
            newest = job
            if job.outcome is not Outcome.RETRYABLE:
                break
        return newest

    def create(self, renewal: int, attempt: int) -> EnsuredJob:
        """Create an attempt, or attach to it if another process has just created it."""
        name = self._name(renewal, attempt)
        if not create_job(self._client, self._kind, name, self._request(name, renewal)):
            return self._attach(renewal, attempt)
        return EnsuredJob(self._kind, name, renewal, attempt, description=None)

    def _find(self, renewal: int, attempt: int) -> EnsuredJob | None:
        name = self._name(renewal, attempt)
        description = self._kind.describe(self._client, name)
        if description is None:
            return None
        self._check_request(name, description)
        return EnsuredJob(self._kind, name, renewal, attempt, description)

    def _attach(self, renewal: int, attempt: int) -> EnsuredJob:
        job = self._find(renewal, attempt)
        if job is None:
            raise not_described(self._kind, self._name(renewal, attempt))
        return job

    def _check_request(self, name: str, description: Description) -> None:
        found = read_tags(self._client, self._kind, description).get(REQUEST_TAG)
        if found != self._digest:
            raise JobConflict(
                f"{self._kind.name} job {name} exists with another request (its tag {REQUEST_TAG} "
                f"is {found}, this request's is {self._digest}): clear the task that submits it to "
                "start a new job"
            )

    def _name(self, renewal: int, attempt: int) -> str:
        return self._identity.job_name(self._prefix, renewal=renewal, attempt=attempt)

    def _request(self, name: str, renewal: int) -> dict[str, Any]:
        first = self._name(renewal, attempt=1)
        config: dict[str, Any] = with_job_names(self._config, name, first)
        tags = [*config.get("Tags", []), *self._tags()]
        return {**config, self._kind.name_field: name, "Tags": tags}

    def _tags(self) -> list[dict[str, str]]:
        task = self._identity
        owner = ownership_tags(task.dag_id, task.task_id, task.run_id, self._sensor_task_id)
        tags = {REQUEST_TAG: self._digest, **owner}
        return [{"Key": key, "Value": value} for key, value in tags.items()]

"""`ensure_job`: one piece of work has one job, however often it is asked for."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from sagemaker_jobs.aws_errors import Client, error_message, is_existing, is_permanent
from sagemaker_jobs.errors import JobConflict, JobRequestError, TrackingInterrupted
from sagemaker_jobs.jobs.identity import JobIdentity, request_digest, with_job_names
from sagemaker_jobs.jobs.kinds import Description, JobKind
from sagemaker_jobs.jobs.outcome import Outcome, failure_of, outcome_of
from sagemaker_jobs.jobs.ownership import TASK_TAG, task_tag
from sagemaker_jobs.permanent_errors import raise_permanent_errors

REQUEST_TAG = "sagemaker-jobs:request"


@dataclass(frozen=True)
class EnsuredJob:
    """The job that does a piece of work.

    Attributes:
        kind: Its kind.
        name: Its name.
        renewal: In which of the tracking task's generations it was made.
        attempt: Which attempt it is, from 1.
        description: What Describe*Job said of it, or None where this call has just created it.
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
        """Where the job stands."""
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
) -> EnsuredJob:
    """Return the job that does this work, and create it where there is none.

    The job's name follows from the identity. A job that runs or is completed is attached to. One
    that was stopped, or failed for a passing reason, is followed by the next attempt. At most one
    job is created by a call.

    Args:
        client: A SageMaker client of boto3.
        kind: The kind of job.
        request: ``prefix`` (of the name) and ``config``: the boto3 request without the job's name,
            which is filled in wherever a string says ``{job_name}``; ``{first_job_name}`` becomes
            the first attempt's.
        identity: Whose work it is.
        renewals: How often a person has asked for the same work anew. What failed for a lasting
            reason before the last time is done again.

    Raises:
        JobFailed: The newest attempt failed for a lasting reason.
        JobConflict: A job of the name exists, for another request.
        JobRequestError: SageMaker does not accept the request.
        PermanentAwsError: AWS does not let the job or its tags be looked at.
    """
    work = _Work(client, kind, request, identity)
    for renewal in range(renewals):
        job = work.newest(renewal)
        if job and job.outcome in (Outcome.RUNNING, Outcome.COMPLETED):
            return job
    job = work.newest(renewals)
    if job is None or job.outcome is Outcome.RETRYABLE:
        return work.create(renewals, attempt=job.attempt + 1 if job else 1)
    if job.outcome is Outcome.PERMANENT:
        raise failure_of(kind, job.description or {})
    return job


class _Work:
    """A piece of work's jobs, looked up and created by the names that follow from it."""

    def __init__(
        self, client: Client, kind: JobKind, request: dict[str, Any], identity: JobIdentity
    ) -> None:
        self._client = client
        self._kind = kind
        self._prefix = str(request["prefix"])
        self._config: dict[str, Any] = request["config"]
        self._identity = identity
        self._digest = request_digest(kind.name, self._config)

    def newest(self, renewal: int) -> EnsuredJob | None:
        """Return the newest attempt of a renewal, or None where it has none."""
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
        """Create an attempt, or attach to it where another process was faster."""
        name = self._name(renewal, attempt)
        try:
            self._kind.create(self._client, self._request(name, renewal))
        except self._client.exceptions.ClientError as error:
            if is_existing(error):
                return self._lost_race(renewal, attempt)
            if not is_permanent(error):  # An unknown refusal is tried again before it is believed.
                raise
            raise JobRequestError(
                f"SageMaker does not accept {self._kind.name} job {name}: {error_message(error)}"
            ) from error
        return EnsuredJob(self._kind, name, renewal, attempt, description=None)

    def _find(self, renewal: int, attempt: int) -> EnsuredJob | None:
        name = self._name(renewal, attempt)
        description = self._kind.describe(self._client, name)
        if description is None:
            return None
        self._check_request(name, description)
        return EnsuredJob(self._kind, name, renewal, attempt, description)

    def _lost_race(self, renewal: int, attempt: int) -> EnsuredJob:
        job = self._find(renewal, attempt)
        if job is None:
            raise TrackingInterrupted(
                f"{self._kind.name} job {self._name(renewal, attempt)} exists but cannot be "
                "described yet: the task's next try attaches to it"
            )
        return job

    def _check_request(self, name: str, description: Description) -> None:
        arn = description[self._kind.arn_field]
        with raise_permanent_errors(f"{self._kind.name} job {name}"):
            tags = self._client.list_tags(ResourceArn=arn).get("Tags", [])
        found = next((tag["Value"] for tag in tags if tag["Key"] == REQUEST_TAG), None)
        if found != self._digest:
            raise JobConflict(
                f"{self._kind.name} job {name} exists for another request (its tag {REQUEST_TAG} "
                f"is {found}, this request's is {self._digest}): clear the task that submits it to "
                "start a job of its own"
            )

    def _name(self, renewal: int, attempt: int) -> str:
        return self._identity.job_name(self._prefix, renewal=renewal, attempt=attempt)

    def _request(self, name: str, renewal: int) -> dict[str, Any]:
        first = self._name(renewal, attempt=1)
        config: dict[str, Any] = with_job_names(self._config, name, first)
        tags = [*config.get("Tags", []), *self._tags()]
        return {**config, self._kind.name_field: name, "Tags": tags}

    def _tags(self) -> list[dict[str, str]]:
        whose = self._identity
        return [
            {"Key": REQUEST_TAG, "Value": self._digest},
            {"Key": TASK_TAG, "Value": task_tag(whose.dag_id, whose.task_id, whose.run_id)},
        ]

"""Jobs that tasks share because they have the same work: it is done once, and paid for once.

A request with the key ``work`` says what its job makes. The name of the job follows from the work
instead of the task, so SageMaker itself refuses a second job for it, whatever run submits it and
whenever. The attempts at one work are a chain: 1, 2, 3 and so on, of which one at most runs.

A job has one owner: the tasks of a run that its tags name. Another run leaves the job to it while
the owner's run has not ended, and becomes the owner afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sagemaker_jobs.airflow_compat import get_task_states
from sagemaker_jobs.aws_errors import Client
from sagemaker_jobs.errors import JobConflict, WorkOfOtherRun
from sagemaker_jobs.jobs.ensure import (
    REQUEST_TAG,
    EnsuredJob,
    create_job,
    ensure_job,
    not_described,
    read_tags,
)
from sagemaker_jobs.jobs.identity import (
    JobIdentity,
    request_digest,
    shared_job_name,
    with_job_names,
)
from sagemaker_jobs.jobs.kinds import Description, JobKind
from sagemaker_jobs.jobs.orphans import FINISHED_STATES
from sagemaker_jobs.jobs.outcome import Outcome, failure_of, outcome_of
from sagemaker_jobs.jobs.ownership import GENERATION_TAG, TASK_TAG, Owner, ownership_tags
from sagemaker_jobs.permanent_errors import raise_permanent_errors

WORK_TAG = "sagemaker-jobs:work"

SKIP_REASON = "reason"
"""The XCom in which a task that `WorkOfOtherRun` skips leaves the error's text."""

_LOOK_BACK = 20
"""How many attempts before one without a result may have one."""

IsActive = Callable[[Owner], bool]
HasOutput = Callable[["SharedJob"], bool]


@dataclass(frozen=True)
class SharedJob:
    """An attempt at a work: its number, from 1; the answer of Describe*Job; its tags by key."""

    kind: JobKind
    name: str
    attempt: int
    description: Description
    tags: dict[str, str]

    @property
    def outcome(self) -> Outcome:
        """The job's outcome so far."""
        return outcome_of(self.kind, self.description)

    @property
    def owner(self) -> Owner | None:
        """The tasks that the job's tags name."""
        return Owner.from_tags(self.tags)


def run_is_active(owner: Owner) -> bool:
    """Return whether the owner's run has a task that has not ended; in a running task only."""
    states = get_task_states(owner.dag_id, owner.run_id)
    return any(state not in FINISHED_STATES for state in states.values())


def find_shared_job(
    client: Client, kind: JobKind, request: dict[str, Any], has_output: HasOutput
) -> SharedJob | None:
    """Return the attempt at the work of a request that counts, or None if there is none.

    This is a running one, else the newest completed one that has its output, else the newest: a
    repetition that failed, or whose output was deleted, does not lose an earlier result.

    The arguments are as for `ensure_task_job`; `has_output` is asked about completed attempts.

    Raises:
        JobConflict: The job that has the name of an attempt makes something else.
        PermanentAwsError: AWS does not allow to describe the job or its tags.
    """
    return _Chain(client, kind, request).current(0, has_output)


def ensure_task_job(
    client: Client,
    kind: JobKind,
    request: dict[str, Any],
    identity: JobIdentity,
    *,
    renewals: int = 0,
    sensor_task_id: str | None = None,
    since: int | None = None,
    is_active: IsActive = run_is_active,
) -> EnsuredJob:
    """Return the job of a task: its own, as `ensure_job` does, or the one of its shared work.

    Args:
        client: A SageMaker client of boto3.
        kind: The kind of job.
        request: As for `ensure_job`. With ``work``, a text, the tasks with this work share the job.
            With ``newer_than`` besides, a number, a completed attempt up to that number is not
            used, but repeated: a user wants so, or its output is gone. The completed
            attempts with the numbers in the list ``lost`` are not used: their output is gone.
        identity: The task that submits the job.
        renewals: How often a user has cleared the sensor alone.
        sensor_task_id: The task that waits for the job.
        since: The attempt with which the submitting task ended, if it has. A failure of that
            attempt or a later one is the task's own.
        is_active: Returns whether the run of an owner has not ended; of another run only.

    Raises:
        WorkOfOtherRun: A run that has not ended does the work.
        JobFailed: The newest attempt, which is the task's own, failed for a permanent reason.
        JobConflict: The job has another request, or makes something else.
        JobRequestError: SageMaker does not accept the request.
        PermanentAwsError: AWS does not allow to describe the job, or to read or set its tags.
    """
    if not request.get("work"):
        return ensure_job(
            client, kind, request, identity, renewals=renewals, sensor_task_id=sensor_task_id
        )
    chain = _Chain(client, kind, request)
    newer_than, lost = int(request.get("newer_than", 0)), frozenset(request.get("lost", ()))
    claim = _Claim(identity, renewals, sensor_task_id, since, newer_than, lost)
    job = chain.current(newer_than, lambda job: job.attempt not in lost)
    if job and not claim.starts_over(job):
        _leave_to_owner(job, claim, is_active)
    if job is None or claim.repeats(job):
        number = job.attempt + 1 if job else 1
        if name := chain.create(number, claim.tags, job):
            return EnsuredJob(kind, name, renewals, number, description=None)
        job = chain.existing(number)  # Another task has created it meanwhile.
        _leave_to_owner(job, claim, is_active)
    if job.outcome not in (Outcome.RUNNING, Outcome.COMPLETED):
        raise failure_of(kind, job.description)
    chain.take_over(job, claim.tags)
    return EnsuredJob(kind, job.name, renewals, job.attempt, job.description)


def _leave_to_owner(job: SharedJob, claim: "_Claim", is_active: IsActive) -> None:
    owner = job.owner
    if owner is None or claim.is_of_run(owner) or not is_active(owner):
        return
    raise WorkOfOtherRun(
        f"run {owner.run_id} of {owner.dag_id} has not ended and does the same work with "
        f"{job.kind.name} job {job.name}, {job.kind.status(job.description)}"
    )


@dataclass(frozen=True)
class _Claim:
    """A task that asks for the job of its work."""

    identity: JobIdentity
    renewals: int
    sensor_task_id: str | None
    since: int | None
    newer_than: int
    lost: frozenset[int]

    @property
    def tags(self) -> dict[str, str]:
        """The tags of a job that this task owns."""
        task = self.identity
        owner = ownership_tags(task.dag_id, task.task_id, task.run_id, self.sensor_task_id)
        return {**owner, GENERATION_TAG: f"{task.generation}.{self.renewals}"}

    def is_of_run(self, owner: Owner) -> bool:
        """Return whether the owner of a job is of this task's run."""
        own = Owner.from_tags(self.tags)
        return own is not None and (own.dag_id, own.run_id) == (owner.dag_id, owner.run_id)

    def starts_over(self, job: SharedJob) -> bool:
        """Return whether a job that has ended for good is no concern of this task."""
        if job.outcome is Outcome.COMPLETED:
            return job.attempt <= self.newer_than or job.attempt in self.lost
        return job.outcome is Outcome.PERMANENT and not self._has_failed(job)

    def repeats(self, job: SharedJob) -> bool:
        """Return whether this task needs another attempt after this job."""
        return job.outcome is Outcome.RETRYABLE or self.starts_over(job)

    def _has_failed(self, job: SharedJob) -> bool:
        """Return whether a permanent failure is this task's own: no later clear asked for more."""
        if self._has_tag(job, TASK_TAG) and self._has_tag(job, GENERATION_TAG):
            return True
        return self.renewals == 0 and self._is_later(job)

    def _is_later(self, job: SharedJob) -> bool:
        return self.since is not None and job.attempt >= self.since

    def _has_tag(self, job: SharedJob, key: str) -> bool:
        return job.tags.get(key) == self.tags[key]


class _Chain:
    """The attempts at one work, found and created by the names that follow from it."""

    def __init__(self, client: Client, kind: JobKind, request: dict[str, Any]) -> None:
        self._client = client
        self._kind = kind
        self._prefix = str(request["prefix"])
        self._deployment = str(request["deployment"])
        self._work = str(request["work"])
        self._config: dict[str, Any] = request["config"]
        self._digest = request_digest(kind.name, self._config)

    def newest(self) -> SharedJob | None:
        """Return the newest attempt, or None; the calls grow with the logarithm of its number."""
        found: SharedJob | None = None
        present, missing = 0, 1
        while description := self._describe(missing):
            found, present, missing = self._job(missing, description), missing, 2 * missing
        while missing - present > 1:
            middle = (present + missing) // 2
            if description := self._describe(middle):
                found, present = self._job(middle, description), middle
            else:
                missing = middle
        return found

    def current(self, newer_than: int, has_output: HasOutput) -> SharedJob | None:
        """Return the attempt that counts, see `find_shared_job`; older ones are not looked at."""
        newest = self.newest()
        if newest is None or newest.outcome is Outcome.RUNNING:
            return newest
        oldest = max(newer_than, newest.attempt - 1 - _LOOK_BACK)
        for attempt in range(newest.attempt, oldest, -1):
            job = newest if attempt == newest.attempt else self.existing(attempt)
            if job.outcome is Outcome.COMPLETED and has_output(job):
                return job
        return newest

    def existing(self, attempt: int) -> SharedJob:
        """Return an attempt whose name is taken."""
        description = self._describe(attempt)
        if description is None:
            raise not_described(self._kind, self._name(attempt))
        return self._job(attempt, description)

    def create(self, attempt: int, owner: dict[str, str], before: SharedJob | None) -> str | None:
        """Create an attempt, and return its name; None if it exists already."""
        name = self._name(attempt)
        first = self._first_of_series(attempt, before)
        config: dict[str, Any] = with_job_names(self._config, name, first)
        own = {REQUEST_TAG: self._digest, WORK_TAG: self._work, **owner}
        tags = [*config.get("Tags", []), *_tag_list(own)]
        config = {**config, self._kind.name_field: name, "Tags": tags}
        return name if create_job(self._client, self._kind, name, config) else None

    def take_over(self, job: SharedJob, owner: dict[str, str]) -> None:
        """Make a task the owner of a job."""
        if all(job.tags.get(key) == value for key, value in owner.items()):
            return
        arn = job.description[self._kind.arn_field]
        with raise_permanent_errors(f"{self._kind.name} job {job.name}"):
            self._client.add_tags(ResourceArn=arn, Tags=_tag_list(owner))

    def _first_of_series(self, attempt: int, before: SharedJob | None) -> str:
        """Return the first of the attempts that continue each other, and so share checkpoints.

        An attempt continues the one before if that was interrupted and had the same request.
        """
        job = before
        while (
            job and job.outcome is Outcome.RETRYABLE and job.tags.get(REQUEST_TAG) == self._digest
        ):
            attempt = job.attempt
            job = self.existing(attempt - 1) if attempt > 1 else None
        return self._name(attempt)

    def _describe(self, attempt: int) -> Description | None:
        return self._kind.describe(self._client, self._name(attempt))

    def _job(self, attempt: int, description: Description) -> SharedJob:
        name, tags = self._name(attempt), read_tags(self._client, self._kind, description)
        if tags.get(WORK_TAG) != self._work:
            raise JobConflict(
                f"{self._kind.name} job {name} exists, but its tag {WORK_TAG} is "
                f"{tags.get(WORK_TAG)} and not {self._work}: restore the tag, or give this "
                "installation another `deployment`"
            )
        return SharedJob(self._kind, name, attempt, description, tags)

    def _name(self, attempt: int) -> str:
        return shared_job_name(self._prefix, self._deployment, self._work, attempt)


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]

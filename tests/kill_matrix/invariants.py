"""Invariants of a run in which a process was killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from tests.kill_matrix.airflow_database import TaskInstance

MAX_TRIES = 2
RETRYABLE = "InternalServerError"
"""The start of the failure reason of a job that ended because the local AWS was killed."""


@dataclass(frozen=True)
class Job:
    """A SageMaker job as the local AWS describes it.

    Attributes:
        kind: training, processing or transform.
        name: The job's name.
        owner: The tag `sagemaker-jobs:task`: DAG, task and run.
        request: The tag `sagemaker-jobs:request`.
        status: InProgress, Completed, Failed, Stopping or Stopped.
        created: The time of its creation.
        ended: The time of its end, or None if it has not ended.
        reason: Its failure reason, or "".
    """

    kind: str
    name: str
    owner: str
    request: str
    status: str
    created: datetime
    ended: datetime | None
    reason: str = ""

    @property
    def task(self) -> str:
        """The id of the task that submitted the job."""
        parts = self.owner.split("/")
        return parts[1] if len(parts) > 1 else "?"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        state: The run's state; "running" if it did not end in time.
        tasks: Its task instances by task id.
        jobs: The jobs that were created since the run began.
        missing: A line for each missing or wrong result.
        operation: The operation that the task `deploy` returned, in a run that has it.
    """

    state: str
    tasks: Mapping[str, TaskInstance]
    jobs: Sequence[Job]
    missing: Sequence[str] = field(default=())
    operation: str | None = None


def violations(outcome: Outcome, *, server_killed: bool) -> list[str]:
    """Return a line for each violated invariant.

    Args:
        outcome: The outcome of a run without clears, so that all its jobs are of generation 0.
        server_killed: Whether the local AWS was killed. Then a job may have ended with it, and the
            next attempt is right. After any other kill a task has exactly one job.
    """
    found = []
    if outcome.state != "success":
        found.append(f"the run is {outcome.state}, not success")
    found += [*_of_tasks(outcome), *_of_update(outcome)]
    for jobs in by_owner(outcome.jobs).values():
        found += _of_jobs(jobs, server_killed)
    return [*found, *outcome.missing]


def by_owner(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """Return the jobs of each task, in the order of their creation."""
    found: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: job.created):
        found.setdefault(job.owner, []).append(job)
    return found


def _of_tasks(outcome: Outcome) -> list[str]:
    found = []
    for task in outcome.tasks.values():
        if task.state not in ("success", "skipped"):
            found.append(f"{task.task_id} is {task.state}")
        if task.tries > MAX_TRIES:
            found.append(f"{task.task_id} took {task.tries} tries, more than {MAX_TRIES}")
        submits = task.task_id.startswith("submit_") and task.state == "success"
        if submits and not any(job.task == task.task_id for job in outcome.jobs):
            found.append(f"{task.task_id} has no job")
    return found


def _of_update(outcome: Outcome) -> list[str]:
    """Check that a second try attaches to the update that a killed try had begun."""
    deploy = outcome.tasks.get("deploy")
    again = deploy is not None and deploy.tries > 1 and outcome.operation in ("create", "update")
    return [f"deploy's second try returned {outcome.operation}"] if again else []


def _of_jobs(jobs: list[Job], server_killed: bool) -> list[str]:
    """Check the jobs of one task and generation, which are its successive attempts."""
    task, found = jobs[0].task, []
    if jobs[0].owner.count("/") != 2:
        found.append(f"job {jobs[0].name} belongs to no task: its tag says {jobs[0].owner!r}")
    if len(jobs) > 1 and not server_killed:
        found.append(f"{task} has {len(jobs)} jobs for one attempt")
    if len({job.request for job in jobs}) > 1:
        found.append(f"{task}'s jobs are of different requests")
    found += [f"job {job.name} of {task} is still {job.status}" for job in jobs if not job.ended]
    for earlier, later in pairwise(jobs):
        if earlier.ended is None or earlier.ended > later.created:
            found.append(f"{task} had two jobs at the same time: {earlier.name}, {later.name}")
        if not (earlier.status == "Stopped" or earlier.reason.startswith(RETRYABLE)):
            found.append(f"{task} has another job after {earlier.name}, which is {earlier.status}")
    if jobs[-1].status != "Completed":
        found.append(f"{task}'s last job {jobs[-1].name} is {jobs[-1].status}: {jobs[-1].reason}")
    return found

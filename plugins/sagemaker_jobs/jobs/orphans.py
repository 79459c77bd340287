"""Decides whether a running job is an orphan: a job that no task waits for or will wait for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sagemaker_jobs.jobs.kinds import JobKind
from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner

GRACE_PERIOD = timedelta(minutes=15)
"""Younger jobs are left alone: Airflow may have only just recorded their run or a clear."""

FINISHED_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
"""A task in any other state, or without one, may still wait for its job or start to."""

Action = Literal["stop", "leave", "unassigned"]
States = Mapping[str, str | None]


@dataclass(frozen=True)
class RunningJob:
    """A job that SageMaker lists as InProgress.

    Attributes:
        kind: The kind of job.
        name: The job's name.
        created: The time of creation, with a time zone.
        tags: The values of the job's tags by key.
    """

    kind: JobKind
    name: str
    created: datetime
    tags: Mapping[str, str]

    @property
    def owner(self) -> Owner | None:
        """The tasks that the job's tags name."""
        return Owner.from_tags(self.tags)


@dataclass(frozen=True)
class Decision:
    """What to do with a running job, and why.

    Attributes:
        action: ``stop`` if no task waits for the job, ``leave`` if one does or may, ``unassigned``
            if the job cannot be assigned to tasks of a run.
        reason: The reason, for logs.
    """

    action: Action
    reason: str


def decide(
    job: RunningJob, states: States, now: datetime, newer: RunningJob | None = None
) -> Decision:
    """Decide what to do with a running job.

    Args:
        job: A job of this installation.
        states: The states of its submitting task and its sensor by task id, with the index at the
            end for mapped tasks; empty if Airflow has no such run.
        now: The current time, with a time zone.
        newer: A running job that was created later for the same task of the same run.
    """
    owner = job.owner
    if owner is None or owner.sensor_task_id is None:
        tag = job.tags.get(TASK_TAG, "")
        return Decision(
            "unassigned", f"its tags name no task that waits for it: {TASK_TAG}={tag!r}"
        )
    age = now - job.created
    if age < GRACE_PERIOD:
        return Decision(
            "leave", f"it is {_minutes(age)} minutes old, below {_minutes(GRACE_PERIOD)}"
        )
    return _decide_by_states(owner, states, newer)


def _decide_by_states(owner: Owner, states: States, newer: RunningJob | None) -> Decision:
    if not states:
        return Decision("unassigned", f"Airflow has no run {owner.run_id} of {owner.dag_id}")
    if not any(_is_of(str(owner.sensor_task_id), task) for task in states):
        return Decision("unassigned", f"{owner.dag_id} has no task {owner.sensor_task_id}")
    unfinished = {task: state for task, state in states.items() if state not in FINISHED_STATES}
    if not unfinished:
        return Decision("stop", f"no task waits for it: {_describe(states)}")
    # All jobs of a mapped task have the same tags, so a newer job does not replace another one.
    if newer is not None and owner.task_id in states:
        reason = f"{owner.task_id} was cleared, and {newer.name} replaces this job"
        return Decision("stop", reason)
    return Decision("leave", f"a task waits for it: {_describe(unfinished)}")


def _is_of(task_id: str, task: str) -> bool:
    return re.fullmatch(rf"{re.escape(task_id)}(_\d+)?", task) is not None


def _describe(states: States) -> str:
    return ", ".join(f"{task} is {state or 'not started'}" for task, state in states.items())


def _minutes(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 60:.0f}"

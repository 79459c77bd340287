"""Is anybody still at a running job, or does it only cost money?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sagemaker_jobs.jobs.kinds import JobKind
from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner

SETTLING = timedelta(minutes=15)
"""Younger jobs are left alone: their run may only just be recorded, or their task just cleared."""

FINISHED_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
"""A task in any other state, or none yet, may still follow its job or is about to."""

Verdict = Literal["stop", "leave", "unassigned"]
States = Mapping[str, str | None]


@dataclass(frozen=True)
class RunningJob:
    """A job that SageMaker lists as InProgress.

    Attributes:
        kind: Its kind.
        name: Its name.
        created: When, with its time zone.
        tags: Its tags' values by key.
    """

    kind: JobKind
    name: str
    created: datetime
    tags: Mapping[str, str]

    @property
    def owner(self) -> Owner | None:
        """The task that submitted it, as its tag says."""
        return Owner.from_tag(self.tags.get(TASK_TAG, ""))


@dataclass(frozen=True)
class Decision:
    """What is to become of a running job, and why.

    `stop`: nobody is at it. `leave`: somebody is, or may be. `unassigned`: nobody can be asked.
    """

    verdict: Verdict
    reason: str


def judge(
    job: RunningJob, states: States, now: datetime, newer: RunningJob | None = None
) -> Decision:
    """Judge one running job.

    Args:
        job: One of this installation's.
        states: The states of its submitting and its tracking task in its run, by task as Airflow
            tells them (a mapped task's end in its index); empty where Airflow knows no such run.
        now: The present moment, with its time zone.
        newer: A job that was created later for the same task of the same run and runs, too.
    """
    owner = job.owner
    if owner is None or owner.tracker is None:
        tag = job.tags.get(TASK_TAG, "")
        return Decision("unassigned", f"its tag {TASK_TAG} names no task that submits: {tag!r}")
    age = now - job.created
    if age < SETTLING:
        minutes = age.total_seconds() / 60
        return Decision("leave", f"it is {minutes:.0f} minutes old, below {_minutes(SETTLING)}")
    if not states:
        return Decision("unassigned", f"Airflow knows no run {owner.run_id} of {owner.dag_id}")
    if not any(_is_of(owner.tracker, task) for task in states):
        return Decision("unassigned", f"{owner.dag_id} has no task {owner.tracker} to follow it")
    at_it = {task: state for task, state in states.items() if state not in FINISHED_STATES}
    if not at_it:
        return Decision("stop", f"nobody is at it: {_told(states)}")
    # The jobs of a mapped task have one tag among them, so that none of them replaces another.
    if newer is not None and owner.task_id in states:
        return Decision("stop", f"{owner.task_id} was cleared, and {newer.name} does its work now")
    return Decision("leave", f"it is followed: {_told(at_it)}")


def _is_of(task_id: str, task: str) -> bool:
    return re.fullmatch(rf"{re.escape(task_id)}(_\d+)?", task) is not None


def _told(states: States) -> str:
    return ", ".join(f"{task} is {state or 'yet to come'}" for task, state in states.items())


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f}"

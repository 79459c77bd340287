"""Finds and stops running jobs that no task waits for.

Killing a task stops its job through the triggerer. If the triggerer is down, the job goes on.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from sagemaker_jobs.airflow_compat import get_task_states
from sagemaker_jobs.aws_errors import Client, error_message, is_missing
from sagemaker_jobs.errors import JobNotStopped
from sagemaker_jobs.jobs.kinds import KINDS, RUNNING_STATES
from sagemaker_jobs.jobs.orphans import Action, Decision, RunningJob, States, decide
from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner

GetStates = Callable[[Owner], States]
Entry = dict[str, str]

_RESULT_KEYS: dict[Action, str] = {
    "stop": "stopped",
    "leave": "left",
    "unassigned": "unassigned",
}

log = logging.getLogger(__name__)


def sweep(
    client: Client, own_tags: Mapping[str, str], get_states: GetStates, now: datetime
) -> dict[str, list[Entry]]:
    """Stop the installation's running jobs that no task waits for.

    Args:
        client: A SageMaker client of boto3.
        own_tags: The tags that all jobs of this installation have. A job that lacks one of them, or
            the tag that names its task, belongs to others and is ignored.
        get_states: Returns the states of an owner's tasks, as `owner_states` does.
        now: The current time, with a time zone.

    Returns:
        The running jobs of the installation as ``{"kind", "job", "task", "reason"}``, below
        ``stopped``, ``left`` or ``unassigned``. Unassigned jobs are not stopped.

    Raises:
        JobNotStopped: For some jobs the decision or the stop failed. Its `done` has the result for
            the other jobs, like the return value.
    """
    jobs = [job for job in running_jobs(client) if _is_own(job, own_tags)]
    done: dict[str, list[Entry]] = {key: [] for key in _RESULT_KEYS.values()}
    failures: list[str] = []
    for job in jobs:
        # The states are read just before the stop, so that little can change in between.
        try:
            decision = _stop_orphan(client, job, get_states, now, _newer(job, jobs))
        except Exception as error:  # Any error, so that the next job is still handled.
            log.warning("not stopped: %s job %s", job.kind.name, job.name, exc_info=error)
            failures.append(f"{job.kind.name} job {job.name}: {error_message(error)}")
            continue
        key = _RESULT_KEYS[decision.action]
        log.info("%s: %s job %s: %s", key, job.kind.name, job.name, decision.reason)
        done[key].append(_entry(job, decision.reason))
    if failures:
        raise _not_stopped(failures, done)
    return done


def running_jobs(client: Client) -> Iterator[RunningJob]:
    """Yield every job of the account and region that is InProgress, with its tags."""
    for kind in KINDS.values():
        pages = client.get_paginator(f"list_{kind.name}_jobs").paginate(StatusEquals="InProgress")
        for page in pages:
            for summary in page[f"{kind.prefix}JobSummaries"]:
                tags = _tags(client, summary[kind.arn_field])
                yield RunningJob(kind, summary[kind.name_field], summary["CreationTime"], tags)


def owner_states(owner: Owner) -> dict[str, str | None]:
    """Return the states of the task that submitted a job and of the sensor that waits for it.

    Works in a running task only. Empty if Airflow has no such run.
    """
    tasks = [owner.task_id, *([owner.sensor_task_id] if owner.sensor_task_id else [])]
    return get_task_states(owner.dag_id, owner.run_id, task_ids=tasks)


def _stop_orphan(
    client: Client, job: RunningJob, get_states: GetStates, now: datetime, newer: RunningJob | None
) -> Decision:
    states = get_states(job.owner) if job.owner else {}
    decision = decide(job, states, now, newer)
    if decision.action == "stop" and not _stop(client, job):
        return Decision("leave", "it has ended by itself meanwhile")
    return decision


def _not_stopped(failures: list[str], done: dict[str, list[Entry]]) -> JobNotStopped:
    stopped = [f"{entry['kind']} job {entry['job']}" for entry in done["stopped"]]
    error = JobNotStopped(
        "these jobs could not be checked or stopped, and they still run: "
        f"{'; '.join(failures)}. Stopped in this try: {', '.join(stopped) or 'none'}"
    )
    error.done = done
    return error


def _tags(client: Client, arn: str) -> dict[str, str]:
    pages = client.get_paginator("list_tags").paginate(ResourceArn=arn)
    try:
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    except client.exceptions.ClientError as error:
        if is_missing(error):  # The job has ended and was deleted meanwhile.
            return {}
        raise


def _is_own(job: RunningJob, own_tags: Mapping[str, str]) -> bool:
    has_tags = all(job.tags.get(key) == value for key, value in own_tags.items())
    return has_tags and TASK_TAG in job.tags


def _newer(job: RunningJob, jobs: Iterable[RunningJob]) -> RunningJob | None:
    later = (
        other
        for other in jobs
        if other.tags.get(TASK_TAG) == job.tags.get(TASK_TAG) and other.created > job.created
    )
    return max(later, key=lambda other: other.created, default=None)


def _stop(client: Client, job: RunningJob) -> bool:
    """Stop a job; return False if it has ended by itself meanwhile."""
    try:
        job.kind.stop_call(client)(**{job.kind.name_field: job.name})
    except client.exceptions.ClientError:
        description = job.kind.describe(client, job.name)
        if description is not None and job.kind.status(description) in RUNNING_STATES:
            raise
        return False
    return True


def _entry(job: RunningJob, reason: str) -> Entry:
    task = job.tags[TASK_TAG]
    return {"kind": job.kind.name, "job": job.name, "task": task, "reason": reason}

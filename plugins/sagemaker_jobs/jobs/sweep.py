"""Finds the jobs that run though nobody is at them, and stops them.

Killing a task stops its job through the triggerer. Where that was down, the job runs on.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from sagemaker_jobs.airflow_compat import get_task_states
from sagemaker_jobs.aws_errors import Client, error_message, is_missing
from sagemaker_jobs.errors import JobNotStopped
from sagemaker_jobs.jobs.kinds import KINDS, RUNNING_STATES
from sagemaker_jobs.jobs.orphans import Decision, RunningJob, States, Verdict, judge
from sagemaker_jobs.jobs.ownership import TASK_TAG, Owner

AskStates = Callable[[Owner], States]
Entry = dict[str, str]

_PLACES: dict[Verdict, str] = {"stop": "stopped", "leave": "left", "unassigned": "unassigned"}

log = logging.getLogger(__name__)


def sweep(
    client: Client, own: Mapping[str, str], ask: AskStates, now: datetime
) -> dict[str, list[Entry]]:
    """Stop the installation's running jobs that no task is at.

    Args:
        client: A SageMaker client of boto3.
        own: The tags that all jobs of this installation have. A job that lacks one of them, or
            the tag that names its task, is somebody else's and not looked at any further.
        ask: Returns the states of an owner's submitting and tracking task, as `ask_airflow` does.
        now: The present moment, with its time zone.

    Returns:
        Each of the installation's running jobs as ``{"kind", "job", "task", "reason"}``, below
        ``stopped``, ``left``, or ``unassigned``, where nobody can be asked: those are left, too.

    Raises:
        JobNotStopped: Some could not be judged or stopped; its `done` has what became of the
            others, like the return value.
    """
    jobs = [job for job in running_jobs(client) if _is_own(job, own)]
    done: dict[str, list[Entry]] = {where: [] for where in _PLACES.values()}
    refused: list[str] = []
    for job in jobs:
        # Asked and acted upon one by one, so that little happens in between.
        try:
            judgement = judge(job, _states(job, ask), now, _newer(job, jobs))
            if judgement.verdict == "stop" and not _stop(client, job):
                judgement = Decision("leave", "it has ended by itself meanwhile")
        except Exception as error:  # Whatever it is, it must not keep the next job running.
            log.warning("not stopped: %s job %s", job.kind.name, job.name, exc_info=error)
            refused.append(f"{job.kind.name} job {job.name}: {error_message(error)}")
            continue
        where, reason = _PLACES[judgement.verdict], judgement.reason
        log.info("%s: %s job %s: %s", where, job.kind.name, job.name, reason)
        done[where].append(_entry(job, reason))
    if refused:
        raise _not_stopped(refused, done)
    return done


def _not_stopped(refused: list[str], done: dict[str, list[Entry]]) -> JobNotStopped:
    stopped = [f"{entry['kind']} job {entry['job']}" for entry in done["stopped"]]
    error = JobNotStopped(
        f"nobody is at these jobs, or nobody could be asked, and they still run: "
        f"{'; '.join(refused)}. Stopped in this try: {', '.join(stopped) or 'none'}"
    )
    error.done = done
    return error


def running_jobs(client: Client) -> Iterator[RunningJob]:
    """Yield every job of the account and region that is InProgress, with its tags."""
    for kind in KINDS.values():
        pages = client.get_paginator(f"list_{kind.name}_jobs").paginate(StatusEquals="InProgress")
        for page in pages:
            for summary in page[f"{kind.prefix}JobSummaries"]:
                tags = _tags(client, summary[kind.arn_field])
                yield RunningJob(kind, summary[kind.name_field], summary["CreationTime"], tags)


def ask_airflow(owner: Owner) -> dict[str, str | None]:
    """Return the states of an owner's submitting and tracking task; only while a task runs.

    Empty where Airflow knows no such run.
    """
    tasks = [owner.task_id, *([owner.tracker] if owner.tracker else [])]
    return get_task_states(owner.dag_id, owner.run_id, task_ids=tasks)


def _tags(client: Client, arn: str) -> dict[str, str]:
    pages = client.get_paginator("list_tags").paginate(ResourceArn=arn)
    try:
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    except client.exceptions.ClientError as error:
        if is_missing(error):  # It ended and was deleted meanwhile.
            return {}
        raise


def _is_own(job: RunningJob, own: Mapping[str, str]) -> bool:
    wanted = all(job.tags.get(key) == value for key, value in own.items())
    return wanted and TASK_TAG in job.tags


def _states(job: RunningJob, ask: AskStates) -> States:
    return ask(job.owner) if job.owner else {}


def _newer(job: RunningJob, jobs: Iterable[RunningJob]) -> RunningJob | None:
    later = (
        each
        for each in jobs
        if each.tags.get(TASK_TAG) == job.tags.get(TASK_TAG) and each.created > job.created
    )
    return max(later, key=lambda each: each.created, default=None)


def _stop(client: Client, job: RunningJob) -> bool:
    """Stop a job; return False where it has ended by itself meanwhile."""
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

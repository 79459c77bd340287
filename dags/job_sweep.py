"""Job sweep: stops SageMaker jobs that cost money though no task is at them.

A person who clears or marks a task stops its job, through the triggerer. Where that was down, or
where a task gave up waiting, the job runs on. This looks every night, before the trainings, at all
running jobs of this installation, by their tags: one is stopped when neither the task that
submitted it nor the one that tracks it has anything left to do in its run, or when its task was
cleared and follows another job by now. Jobs of the last 15 minutes are left, and those of other
deployments are not looked at. Its result lists what was stopped and what was left, with reasons.

**When something fails or skips**

- `stop_orphans` says *orphans*: the jobs that it names were stopped, or belong to a run that
  Airflow does not know: a deleted one, or one of a copy of this installation that has the same
  Variable `deployment`. Those are left: stop them in SageMaker if nobody needs them.
- `stop_orphans`, *they still run*: the message names the jobs and SageMaker's reason. Airflow's
  role needs sagemaker:StopTrainingJob, StopProcessingJob and StopTransformJob. The other jobs that
  no task is at were stopped: a message of their own names them at once.
- `stop_orphans`, *AccessDenied* of ListTrainingJobs or ListTags: allow Airflow's role to list
  jobs and tags.
- A job was stopped that you wanted: its task had given up on it (*still runs and was not stopped*).
  Clear the tracking task within the day to go on waiting, or raise the stage's time limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from airflow.sdk import task

from dag_factory.builder import cron, installation_dag
from dag_factory.notifications import notify_now, queue_notification
from dag_factory.run_context import aws_client, load_deployment

BEFORE_THE_TRAININGS = "30 0 * * *"


@task(multiple_outputs=False)
def stop_orphans() -> dict[str, list[dict[str, str]]]:
    """Stop the installation's jobs that no task is at; return what was stopped or left."""
    from sagemaker_jobs.errors import JobNotStopped
    from sagemaker_jobs.jobs.sweep import owner_states, sweep

    own = {"deployment": load_deployment().name}
    try:
        done = sweep(aws_client("sagemaker"), own, owner_states, datetime.now(UTC))
    except JobNotStopped as error:
        # Sent at once: the next try finds the stopped jobs no longer, and deletes this try's XComs.
        if stopped := _lines(error.done, "stopped"):
            advice = "nothing for these; the task fails for the jobs that it could not stop."
            notify_now("orphans", "job_sweep: orphans", "\n".join(stopped), advice)
        raise
    if lines := _lines(done, "stopped", "unassigned"):
        queue_notification("orphans", "\n".join(lines))
    return done


def _lines(done: Mapping[str, list[dict[str, str]]], *places: str) -> list[str]:
    return [
        f"{place}: {entry['kind']} job {entry['job']} of {entry['task']}: {entry['reason']}"
        for place in places
        for entry in done[place]
    ]


with installation_dag(
    "job_sweep", __doc__, schedule=cron(BEFORE_THE_TRAININGS, "UTC"), timeout=timedelta(hours=1)
):
    stop_orphans()

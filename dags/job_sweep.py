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
  role needs sagemaker:StopTrainingJob, StopProcessingJob and StopTransformJob.
- `stop_orphans`, *AccessDenied* of ListTrainingJobs or ListTags: allow Airflow's role to list
  jobs and tags.
- A job was stopped that you wanted: its task had given up on it (*still runs and was not stopped*).
  Clear the tracking task within the day to go on waiting, or raise the stage's time limit.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import task

from image_families.building import cron, installation_dag
from image_families.notifications import say
from image_families.site import aws_client, open_deployment

BEFORE_THE_TRAININGS = "30 0 * * *"


@task(multiple_outputs=False)
def stop_orphans() -> dict[str, list[dict[str, str]]]:
    """Stop the installation's jobs that no task is at; return what was stopped or left."""
    from sagemaker_jobs.sweep import ask_airflow, sweep

    own = {"deployment": open_deployment().name}
    done = sweep(aws_client("sagemaker"), own, ask_airflow, datetime.now(UTC))
    told = [
        f"{where}: {each['kind']} job {each['job']} of {each['task']}: {each['reason']}"
        for where in ("stopped", "unassigned")
        for each in done[where]
    ]
    if told:
        say("orphans", "\n".join(told))
    return done


with installation_dag(
    "job_sweep", __doc__, schedule=cron(BEFORE_THE_TRAININGS, "UTC"), patience=timedelta(hours=1)
):
    stop_orphans()

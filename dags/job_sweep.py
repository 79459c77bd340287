"""Job sweep: stop SageMaker jobs that no task follows.

Clearing or marking a task stops its job, unless the triggerer is down or the task has given up
waiting. Before the nightly trainings, this DAG stops the running jobs of this deployment whose
tasks have ended or follow another job. It lists every job that it stopped or left, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from airflow.sdk import task

from dag_factory.builder import cron, installation_dag
from dag_factory.notifications import notify_now, queue_notification
from dag_factory.run_context import aws_client, load_deployment

BEFORE_NIGHTLY_TRAINING = "30 0 * * *"


@task(multiple_outputs=False)
def stop_orphans() -> dict[str, list[dict[str, str]]]:
    """Stop the deployment's jobs that no task follows; return the stopped and the left ones.

    - *they still run*: the message names the jobs and SageMaker's reason. Airflow's role needs
      sagemaker:StopTrainingJob, StopProcessingJob and StopTransformJob. The other orphaned jobs
      were stopped, and reported at once.
    - *AccessDenied*: allow Airflow's role sagemaker:ListTrainingJobs, ListProcessingJobs,
      ListTransformJobs and ListTags.
    - Any other failure: fix what the message names, then clear the task.
    - Logs *orphans*: the jobs that it names were stopped, or belong to a run that Airflow does not
      know: a deleted run, or one of another installation with the same Variable `deployment`. Those
      are left running: stop them in SageMaker if nobody needs them.
    - A job was stopped that you need: its task had given up waiting (*still runs and was not
      stopped*). Clear the tracking task within a day, or raise the stage's time limit.
    """
    from sagemaker_jobs.errors import JobNotStopped
    from sagemaker_jobs.jobs.sweep import owner_states, sweep

    tags = {"deployment": load_deployment().name}
    try:
        swept = sweep(aws_client("sagemaker"), tags, owner_states, datetime.now(UTC))
    except JobNotStopped as error:
        # Now, because the next attempt has new XComs and no longer finds the stopped jobs.
        if stopped := _lines(error.done, "stopped"):
            advice = "nothing for these; the task fails for the jobs that it could not stop."
            notify_now("orphans", "job_sweep: orphans", "\n".join(stopped), advice)
        raise
    if lines := _lines(swept, "stopped", "unassigned"):
        queue_notification("orphans", "\n".join(lines))
    return swept


def _lines(swept: Mapping[str, list[dict[str, str]]], *outcomes: str) -> list[str]:
    return [
        f"{outcome}: {entry['kind']} job {entry['job']} of {entry['task']}: {entry['reason']}"
        for outcome in outcomes
        for entry in swept[outcome]
    ]


with installation_dag(
    "job_sweep", __doc__, schedule=cron(BEFORE_NIGHTLY_TRAINING, "UTC"), timeout=timedelta(hours=1)
):
    stop_orphans()

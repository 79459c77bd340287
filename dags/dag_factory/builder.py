"""DAGs for pipelines and for the installation, all with the same policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

# ParamsDict is public, but missing in the type stub of airflow.sdk 3.3.
from airflow.sdk import (  # type: ignore[attr-defined]
    DAG,
    Asset,
    CronTriggerTimetable,
    Param,
    ParamsDict,
    RetryAction,
    RetryRule,
    TaskGroup,
    get_parsing_context,
)
from pydantic import ValidationError

from dag_factory import deadline_alerts, notifications, params
from dag_factory.failures import record_failure
from dag_factory.skipping import skip_backfill
from dag_factory.task_docs import clean_docs
from dag_factory.timeouts import SHORT_TASK_TIMEOUT, TIMEOUT_MARGIN
from include.common.errors import PermanentError
from include.config import Pipeline, find_pipeline, usable_pipelines
from include.config.dag_families import get_family, position
from sagemaker_jobs import AwsRetryPolicy

TAG = "image-classification"

OWNER = "data-engineering"
"""The owner of the DAGs that belong to no pipeline."""

PERMANENT_ERRORS: list[type[BaseException] | str] = [PermanentError, ValidationError]
"""Errors that a retry cannot fix: a user has to change something first."""


class ProjectDAG(DAG):
    """A DAG that `airflow dags test` can run.

    Airflow 3.3 ends such a run with an error if the DAG has deadline alerts
    (https://github.com/apache/airflow/issues/73428), so a test run has none.
    """

    def test(self, *args: Any, **kwargs: Any) -> Any:
        """Run the DAG once in this process, without deadline alerts."""
        self.deadline = []
        return super().test(*args, **kwargs)


SOURCE_NOT_READY = "include.decisions.dataset.readiness.SourceNotReadyError"
SOURCE_RETRY_DELAY = timedelta(minutes=10)
"""The time between two attempts while the source is being uploaded."""


def pipelines_for(family: str) -> Iterator[Pipeline]:
    """Yield the pipelines whose DAG of this family is to be built.

    In the DAG processor these are all pipelines with a valid YAML file. While a task runs, it is
    only the task's pipeline.
    """
    running = get_parsing_context().dag_id
    if running is None:
        yield from usable_pipelines()
        return
    name, _, its_family = running.partition(notifications.SEPARATOR)
    if its_family == family:
        yield find_pipeline(name)


@contextmanager
def pipeline_dag(
    pipeline: Pipeline,
    family: str,
    doc_md: str | None,
    *,
    schedule: CronTriggerTimetable | list[Asset] | None,
    timeout: timedelta,
    params: Mapping[str, Param],
) -> Iterator[DAG]:
    """Build the DAG of a family for one pipeline from the tasks created within the context.

    Args:
        pipeline: The pipeline, loaded without a deployment.
        family: The family's name, the second half of the DAG's id.
        doc_md: What the DAG does, in five lines of Markdown; its tasks have the failure notes.
        schedule: From `family_schedule`, or the assets whose events start the DAG.
        timeout: How long its jobs may take together.
        params: The fields of the trigger form.
    """
    with ProjectDAG(
        dag_id=f"{pipeline.name}{notifications.SEPARATOR}{family}",
        dag_display_name=display_name(pipeline.name, family),
        description=f"{get_family(family).title} of {pipeline.description or pipeline.name}",
        doc_md=doc_md,
        schedule=schedule,
        is_paused_upon_creation=_paused_at_first(schedule),
        tags=[pipeline.name, family, TAG],
        deadline=deadline_alerts.deadlines(pipeline, family, timeout),
        **_policies(pipeline.owner, timeout),
    ) as dag:
        yield dag
    clean_docs(dag)
    # Last, because each task would copy all of them: a quarter of the time to parse.
    dag.params = ParamsDict(dict(params))


@contextmanager
def installation_dag(
    name: str, doc_md: str | None, *, schedule: CronTriggerTimetable | None, timeout: timedelta
) -> Iterator[DAG]:
    """Build a DAG that exists once for all pipelines, with the same policies.

    Args:
        name: The DAG's id, without the separator of pipelines' DAG ids.
        doc_md: What the DAG does, in five lines of Markdown; its tasks have the failure notes.
        schedule: From `cron`, or None for manual runs only.
        timeout: How long it may take.
    """
    with ProjectDAG(
        dag_id=name,
        description=f"{name.replace('_', ' ')} of this installation",
        doc_md=doc_md,
        schedule=schedule,
        is_paused_upon_creation=_paused_at_first(schedule),
        tags=[name, TAG],
        deadline=deadline_alerts.installation_deadline(name, timeout),
        **_policies(OWNER, timeout),
    ) as dag:
        yield dag
    clean_docs(dag)


def task_group(name: str, tooltip: str) -> TaskGroup:
    """Return a group of tasks, which the graph shows as one box.

    The tasks keep their ids: job names, XComs and runs in flight depend on them. The group's id is
    not its name, as a task may have that name.

    Args:
        name: What the box shows.
        tooltip: What the tasks do together, in a sentence.
    """
    return TaskGroup(
        f"{name}_stage", group_display_name=name, prefix_group_id=False, tooltip=tooltip
    )


def family_schedule(pipeline: Pipeline, family: str) -> CronTriggerTimetable | None:
    """Return the schedule of a family's DAG; None for manual runs only."""
    schedules = pipeline.schedules
    return cron(schedules.cron(family), schedules.timezone)


def display_name(pipeline: str, family: str) -> str:
    """Return a DAG's name in the UI, which sorts by it: "Stanford Cars · 3 nightly training"."""
    title = pipeline.replace("_", " ").title()
    return f"{title} · {position(family)} {get_family(family).title}"


def cron(expression: str | None, timezone: str) -> CronTriggerTimetable | None:
    """Return the schedule of a cron expression, or None for manual runs only.

    A DAG that is unpaused for the first time waits for the next time of its schedule. A DAG that
    was paused, or whose scheduler was down, over one or more times starts one run at once, for the
    last of them: Airflow does so with `catchup=False` as well, and the two cases look the same. The
    run works on the present data, as the missed ones would have.
    """
    if expression is None:
        return None
    # False would still start the first run if less than a tenth of the interval has passed.
    return CronTriggerTimetable(expression, timezone=timezone, run_immediately=timedelta(0))


def _paused_at_first(schedule: object) -> bool | None:
    """Return False for a DAG with manual runs only: Airflow queues the runs of paused DAGs.

    None leaves the choice to the installation.
    """
    return False if schedule is None else None


def _check_run(context: Mapping[str, Any]) -> None:
    """Check a run before its first tasks: its configuration, and whether it is of a backfill."""
    params.check_run_params(context)
    skip_backfill(context)


def _policies(owner: str, timeout: timedelta) -> dict[str, Any]:
    """Return the arguments that all DAGs have in common."""
    return {
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": timeout + TIMEOUT_MARGIN,
        "default_args": _default_args(owner),
        "on_failure_callback": notifications.on_failure,
        "on_success_callback": notifications.on_success,
    }


def _default_args(owner: str) -> dict[str, Any]:
    return {
        "owner": owner,
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": SHORT_TASK_TIMEOUT,
        "pre_execute": _check_run,
        "on_failure_callback": record_failure,
        "retry_policy": AwsRetryPolicy(
            rules=[
                RetryRule(exception=PERMANENT_ERRORS, action=RetryAction.FAIL),
                RetryRule(
                    exception=SOURCE_NOT_READY,
                    action=RetryAction.RETRY,
                    retry_delay=SOURCE_RETRY_DELAY,
                ),
            ]
        ),
    }

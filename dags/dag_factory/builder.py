"""One DAG of a family for each pipeline, all under the same policies."""

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
from dag_factory.timeouts import SHORT_TASK_TIMEOUT, TIMEOUT_MARGIN
from include.common.errors import PermanentError
from include.config import Pipeline, find_pipeline, usable_pipelines
from sagemaker_jobs import AwsRetryPolicy

TAG = "image-classification"

OWNER = "data-engineering"
"""Whose the DAGs are that belong to no pipeline."""

PERMANENT_ERRORS: list[type[BaseException] | str] = [PermanentError, ValidationError]
"""Errors that a retry cannot fix: a user has to change something first."""

SOURCE_NOT_READY = "include.decisions.dataset.readiness.SourceNotReadyError"
SOURCE_RETRY_DELAY = timedelta(minutes=10)
"""How long a source that somebody is writing is left alone before the next look at it."""


def pipelines_for(family: str) -> Iterator[Pipeline]:
    """Yield the pipelines whose DAG of this family is to be built.

    That is every pipeline whose file is right, when the DAG processor asks; and only the one that
    a task belongs to, when a task runs.
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
    doc: str | None,
    *,
    schedule: CronTriggerTimetable | list[Asset] | None,
    timeout: timedelta,
    params: Mapping[str, Param],
) -> Iterator[DAG]:
    """Make the DAG of a family for one pipeline, of the tasks that are made within the context.

    Args:
        pipeline: Whose DAG it is.
        family: The family's name, the second half of the DAG's id.
        doc: What the DAG does and what to do when it fails, in Markdown.
        schedule: From `cron`, or the assets that wake it.
        timeout: How long its jobs may take together.
        params: The form that a person fills in to run it by hand.
    """
    with DAG(
        dag_id=f"{pipeline.name}{notifications.SEPARATOR}{family}",
        description=f"{family.replace('_', ' ')} of {pipeline.description or pipeline.name}",
        doc_md=doc,
        schedule=schedule,
        is_paused_upon_creation=_paused_at_first(schedule),
        tags=[pipeline.name, family, TAG],
        deadline=deadline_alerts.deadlines(pipeline, family, timeout),
        **_policies(pipeline.owner, timeout),
    ) as dag:
        yield dag
    # Not before: each task would have copied all of them, a quarter of the time to parse.
    dag.params = ParamsDict(dict(params))


def installation_dag(
    name: str, doc: str | None, *, schedule: CronTriggerTimetable | None, timeout: timedelta
) -> DAG:
    """Return an empty DAG that there is once for all pipelines, under the same policies.

    Args:
        name: The DAG's id; without the separator that a pipeline's have.
        doc: What the DAG does and what to do when it fails, in Markdown.
        schedule: From `cron`, or None for by hand only.
        timeout: How long it may take.
    """
    return DAG(
        dag_id=name,
        description=f"{name.replace('_', ' ')} of this installation",
        doc_md=doc,
        schedule=schedule,
        is_paused_upon_creation=_paused_at_first(schedule),
        tags=[name, TAG],
        deadline=deadline_alerts.installation_deadline(name, timeout),
        **_policies(OWNER, timeout),
    )


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


def cron(expression: str | None, timezone: str) -> CronTriggerTimetable | None:
    """Return the schedule of a cron expression, or None for by hand only.

    A DAG that is switched on waits for the next moment: it never makes up for a missed one.
    """
    if expression is None:
        return None
    # False would still run the last moment, when less than a tenth of the interval has passed.
    return CronTriggerTimetable(expression, timezone=timezone, run_immediately=timedelta(0))


def _paused_at_first(schedule: object) -> bool | None:
    """Return False for what only a person starts, whose runs would be queued until it is on.

    None leaves it to the installation.
    """
    return False if schedule is None else None


def _policies(owner: str, timeout: timedelta) -> dict[str, Any]:
    """Return what all DAGs have in common."""
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
        "pre_execute": params.check_run_params,
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

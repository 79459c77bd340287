"""Notifications about a run: when it ends, and immediately if a task requests it.

Airflow calls back once a run, in the DAG processor. So there is one message for each event of a
run, not one for each task. `sagemaker_jobs.notifications` sends the messages;
`deadline_alerts` reports late runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from airflow.sdk import TriggerRule, get_current_context

from dag_factory.failures import FAILURE
from dag_factory.skipping import REASON
from dag_factory.task_docs import failure_notes
from include.config import find_pipeline
from include.config.sections.notifications import Event
from sagemaker_jobs.airflow_compat import get_task_states, is_dag_test, read_xcom
from sagemaker_jobs.notifications.dispatch import send
from sagemaker_jobs.notifications.notification import Notification
from sagemaker_jobs.notifications.urls import page_url, question_url, run_url

NOTIFICATION_KEY = "notice"
"""The XCom key of a notification that a task queues for the end of its run."""

SEPARATOR = "__"
"""Between the pipeline's name and the family in the id of a DAG."""

INSTALLATION_EVENTS = ("failure", "deadline", "orphans")
"""The events of DAGs without a pipeline, so without a YAML file that could choose others."""

DEFAULT_ADVICE = "read the task's log, fix the cause, then clear the task: it resumes from there."

Orphans = Literal["orphans"]
"""The event of the job sweep, which belongs to no pipeline."""

Describe = Callable[[Any, str, Mapping[str, Any], tuple[str, ...]], Iterable[Notification]]
"""Makes the notices of an ended run from DAG, run id, context and the wanted events."""

log = logging.getLogger(__name__)


def queue_notification(event: Event | Orphans, text: str) -> None:
    """Queue a notification for the end of the run: a promotion, drift, a stale model, ...

    A task can queue one. The run sends one message for each event, with the texts of all its tasks.
    """
    log.info("%s: %s", event, text)
    value = {"event": event, "text": text}
    get_current_context()["ti"].xcom_push(key=NOTIFICATION_KEY, value=value)


def notify_now(
    event: Event | Orphans, title: str, details: str, advice: str, question: str = ""
) -> None:
    """Send a message that cannot wait for the run's end.

    Args:
        event: The kind of the message.
        title: What happened, in one line.
        details: The reason, with its figures.
        advice: What to do.
        question: The task that asks a user, to which the message leads; else to the present run.
    """
    context = get_current_context()
    dag_id, run_id = context["ti"].dag_id, context["ti"].run_id
    if event in _wanted(dag_id):
        run = (dag_id, run_id)
        where = question_url(*run, question) if question else run_url(*run)
        send(Notification(event, title, where, details, advice, page_url(*run)))


def on_failure(context: Mapping[str, Any]) -> None:
    """Report that a run failed, with the failed task's notes; then what its tasks queued."""
    _notify(context, _describe_failure)


def on_success(context: Mapping[str, Any]) -> None:
    """Report what the tasks of a run queued, and whether the run was skipped or succeeded.

    A success is not reported if tasks queued notifications; a skip is.
    """
    _notify(context, _describe_success)


def _notify(context: Mapping[str, Any], describe: Describe) -> None:
    """Send the wanted notices of an ended run; an error here is logged and fails nothing."""
    if is_dag_test():
        log.info("Run %s is a test of its DAG: it is not reported", context.get("run_id"))
        return
    try:
        dag = context["dag"]
        wanted = _wanted(dag.dag_id)
        for notice in describe(dag, context["run_id"], context, wanted):
            if notice.event in wanted:
                send(notice)
    except Exception:
        log.exception("Run %s ended, but could not be reported", context.get("run_id"))


def _wanted(dag_id: str) -> tuple[str, ...]:
    from airflow.sdk import Variable

    name, separator, _ = dag_id.partition(SEPARATOR)
    if not separator:
        return INSTALLATION_EVENTS
    deployment = str(Variable.get("deployment", default=""))
    return find_pipeline(name, deployment).notifications.events


def _describe_failure(
    dag: Any, run_id: str, context: Mapping[str, Any], _: tuple[str, ...]
) -> Iterable[Notification]:
    # Sent before the queued notifications are read, which might fail.
    yield _failure(dag, run_id, context, _recorded_failure(dag.dag_id, run_id, context.get("ti")))
    yield from _queued(dag, run_id, get_task_states(dag.dag_id, run_id))


def _failure(dag: Any, run_id: str, context: Mapping[str, Any], error: str = "") -> Notification:
    task_id = getattr(context.get("ti"), "task_id", "")
    reason = str(context.get("reason") or "unknown").replace("_", " ")
    at = f" at {task_id}" if task_id else ""
    doc_md = dag.get_task(task_id).doc_md if dag.has_task(task_id) else None
    known = f"{error}\n\nRun {run_id}; the task's log has more."
    unknown = f"Run {run_id}, because of {reason}; the task's log has the error."
    return Notification(
        event="failure",
        title=f"{_title(dag)} failed{at}",
        where=run_url(dag.dag_id, run_id, task_id),
        details=known if error else unknown,
        advice="\n".join(failure_notes(doc_md or "", error)) or DEFAULT_ADVICE,
    )


def _recorded_failure(dag_id: str, run_id: str, ti: Any) -> str:
    """Return the error that the failed task recorded: empty if its process was killed."""
    if ti is None:
        return ""
    index = getattr(ti, "map_index", None)
    try:
        return str(read_xcom(dag_id, run_id, ti.task_id, FAILURE, map_index=index) or "")
    except Exception:
        log.exception("The error of %s could not be read; reporting without it", ti.task_id)
        return ""


def _describe_success(
    dag: Any, run_id: str, _: Mapping[str, Any], wanted: tuple[str, ...]
) -> Iterable[Notification]:
    states = get_task_states(dag.dag_id, run_id)
    queued = [notice for notice in _queued(dag, run_id, states) if notice.event in wanted]
    end = _end(dag, run_id, states)
    return [*queued, end] if end and (end.event == "skip" or not queued) else queued


def _queued(dag: Any, run_id: str, states: Mapping[str, str | None]) -> list[Notification]:
    """Return the notifications that a run's tasks queued, as one notice for each event."""
    texts: dict[str, list[str]] = {}
    for task_id, queued in _xcoms(dag, run_id, NOTIFICATION_KEY).items():
        # A task that was cleared and did not run again keeps its XCom: ignore it.
        if _has_run(dag.get_task(task_id), states):
            texts.setdefault(queued["event"], []).append(queued["text"])
    where = run_url(dag.dag_id, run_id)
    return [
        Notification(
            event,
            f"{_title(dag)}: {event}",
            where,
            "\n".join(lines),
            page=page_url(dag.dag_id, run_id),
        )
        for event, lines in texts.items()
    ]


def _end(dag: Any, run_id: str, states: Mapping[str, str | None]) -> Notification | None:
    where = run_url(dag.dag_id, run_id)
    reasons = {task_id: str(why) for task_id, why in _xcoms(dag, run_id, REASON).items()}
    if any(states.get(task.task_id) == "success" for task in dag.leaves):
        return Notification(
            "success", f"{_title(dag)} succeeded", where, "\n".join(reasons.values())
        )
    ordered = _ordered(dag)
    task_ids = [task.task_id for task in ordered]
    skipped = (index for index, task in enumerate(ordered) if _ends_with(task, states))
    if (first := next(skipped, None)) is None:
        return None
    # The task's own reason, or that of the last task before it; later ones are from before a clear.
    before = [reasons[task_id] for task_id in task_ids[: first + 1] if task_id in reasons]
    title = f"{_title(dag)} skipped {task_ids[first]} and downstream tasks"
    return Notification("skip", title, where, before[-1] if before else "No task left a reason.")


def _has_run(task: Any, states: Mapping[str, str | None]) -> bool:
    """Return whether a task ran in this run; it may have skipped itself.

    A skipped task ran if its trigger rule was fulfilled; otherwise Airflow skipped it.
    """
    state = states.get(task.task_id)
    if state != "skipped":
        return state != "upstream_failed"
    upstream = [states.get(task_id) for task_id in task.upstream_task_ids]
    failed = any(found in ("failed", "upstream_failed") for found in upstream)
    if task.trigger_rule == TriggerRule.ONE_FAILED:
        return failed
    if task.trigger_rule == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS:
        return "success" in upstream and not failed
    return all(found == "success" for found in upstream)


def _ends_with(task: Any, states: Mapping[str, str | None]) -> bool:
    """Return whether a task was skipped and no task succeeded after it.

    After a question that was not asked, for example, other tasks succeed.
    """
    after = task.get_flat_relatives(upstream=False)
    ran = any(states.get(follower.task_id) == "success" for follower in after)
    return states.get(task.task_id) == "skipped" and not ran


def _title(dag: Any) -> str:
    return str(dag.dag_id).replace(SEPARATOR, " ", 1)


def _xcoms(dag: Any, run_id: str, key: str) -> dict[str, Any]:
    """Return a run's XComs of this key by task id, in the order of the DAG."""
    task_ids = [task.task_id for task in _ordered(dag)]
    found = {task_id: read_xcom(dag.dag_id, run_id, task_id, key) for task_id in task_ids}
    return {task_id: value for task_id, value in found.items() if value is not None}


def _ordered(dag: Any) -> list[Any]:
    return list(dag.topological_sort())

"""Notices of a run: at its end, and at once where a task asks for it.

Airflow calls back once a run, in the DAG processor; so there is one message for each event of a
run, not one a task. The places that messages go to are in `sagemaker_jobs.notifications`;
the alerts for late runs are in `deadline_alerts`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from airflow.sdk import TriggerRule, get_current_context

from dag_factory.failures import FAILURE
from dag_factory.skipping import REASON
from include.config import find_pipeline
from include.config.sections.notifications import Event
from sagemaker_jobs.airflow_compat import get_task_states, read_xcom
from sagemaker_jobs.notifications.dispatch import send
from sagemaker_jobs.notifications.notification import Notification
from sagemaker_jobs.notifications.urls import run_url

NOTIFICATION_KEY = "notice"
"""The XCom in which a task leaves what its run is to say when it ends."""

NOTES = "**When something fails or skips**"
SEPARATOR = "__"
INSTALLATION_EVENTS = ("failure", "deadline", "orphans")
"""Of what the DAGs tell that belong to no pipeline, whose YAML could say otherwise."""

Orphans = Literal["orphans"]
"""The event of the sweep, which belongs to no pipeline."""

Describe = Callable[[Any, str, Mapping[str, Any], tuple[str, ...]], Iterable[Notification]]
"""Makes notices of a run's end: of DAG, run id, context and the events that are wanted."""

log = logging.getLogger(__name__)


def queue_notification(event: Event | Orphans, text: str) -> None:
    """Leave what the run is to say when it ends: a promotion, a drift, a stale model, ...

    A task says one thing; what several tasks of a run say is told event by event.
    """
    log.info("%s: %s", event, text)
    value = {"event": event, "text": text}
    get_current_context()["ti"].xcom_push(key=NOTIFICATION_KEY, value=value)


def notify_now(event: Event | Orphans, title: str, details: str, advice: str) -> None:
    """Send what cannot wait for the run's end, with the address of the present run."""
    context = get_current_context()
    dag_id, run_id = context["ti"].dag_id, context["ti"].run_id
    if event in _wanted(dag_id):
        send(Notification(event, title, run_url(dag_id, run_id), details, advice))


def on_failure(context: Mapping[str, Any]) -> None:
    """Tell that a run failed, with its DAG's notes of that task; then what its tasks had to say."""
    _tell(context, _failed)


def on_success(context: Mapping[str, Any]) -> None:
    """Tell what a run came to: what its tasks had to say, and that it was skipped or did well.

    A success is not sent beside what the tasks had to say; a skip is.
    """
    _tell(context, _outcome)


def advice(doc: str, task_id: str, why: str = "") -> str:
    """Return what a DAG's notes say of a task, as one line each; empty where they say nothing.

    Where some of them quote what the task failed of, as in *line ...*, only those are returned.
    """
    notes = doc.partition(NOTES)[2]
    points = [" ".join(point.split()) for point in re.split(r"^- ", notes, flags=re.MULTILINE)]
    own = [point for point in points if f"`{task_id}`" in _head(point)]
    return "\n".join([point for point in own if _quotes(_head(point), why)] or own)


def _head(point: str) -> str:
    return point.split(": ", 1)[0]


def _quotes(head: str, why: str) -> bool:
    quoted = re.findall(r"\*([^*]+)\*", head)
    return any(all(part.strip() in why for part in quote.split("...")) for quote in quoted)


def _tell(context: Mapping[str, Any], describe: Describe) -> None:
    """Send what `describe` makes of a run's end; a fault here is logged and fails nothing."""
    try:
        dag = context["dag"]
        wanted = _wanted(dag.dag_id)
        for notice in describe(dag, context["run_id"], context, wanted):
            if notice.event in wanted:
                send(notice)
    except Exception:
        log.exception("what run %s came to could not be told", context.get("run_id"))


def _wanted(dag_id: str) -> tuple[str, ...]:
    from airflow.sdk import Variable

    name, separator, _ = dag_id.partition(SEPARATOR)
    if not separator:
        return INSTALLATION_EVENTS
    deployment = str(Variable.get("deployment", default=""))
    return find_pipeline(name, deployment).notifications.events


def _failed(
    dag: Any, run_id: str, context: Mapping[str, Any], _: tuple[str, ...]
) -> Iterable[Notification]:
    # Sent before what was said is asked for, which might fail.
    yield _failure(dag, run_id, context, _why(dag.dag_id, run_id, context.get("ti")))
    yield from _said(dag, run_id, get_task_states(dag.dag_id, run_id))


def _failure(dag: Any, run_id: str, context: Mapping[str, Any], why: str = "") -> Notification:
    task = getattr(context.get("ti"), "task_id", "")
    reason = str(context.get("reason") or "unknown").replace("_", " ")
    at = f" at {task}" if task else ""
    known = f"{why}\n\nRun {run_id}; the task's log has more."
    unknown = f"Run {run_id}, because of {reason}; the task's log has why."
    return Notification(
        event="failure",
        title=f"{_title(dag)} failed{at}",
        where=run_url(dag.dag_id, run_id, task),
        details=known if why else unknown,
        advice=advice(dag.doc_md or "", task, why)
        or "read the task's log, mend it, then clear the task: it goes on from there.",
    )


def _why(dag_id: str, run_id: str, ti: Any) -> str:
    """Return what the failed task left of its error: nothing where its process was killed."""
    if ti is None:
        return ""
    index = getattr(ti, "map_index", None)
    try:
        return str(read_xcom(dag_id, run_id, ti.task_id, FAILURE, map_index=index) or "")
    except Exception:
        log.exception("the reason of %s could not be read: its run is told without", ti.task_id)
        return ""


def _outcome(
    dag: Any, run_id: str, _: Mapping[str, Any], wanted: tuple[str, ...]
) -> Iterable[Notification]:
    states = get_task_states(dag.dag_id, run_id)
    said = [notice for notice in _said(dag, run_id, states) if notice.event in wanted]
    end = _end(dag, run_id, states)
    return [*said, end] if end and (end.event == "skip" or not said) else said


def _said(dag: Any, run_id: str, states: Mapping[str, str | None]) -> list[Notification]:
    """Return what a run's tasks had to say, as one notice for each event."""
    texts: dict[str, list[str]] = {}
    for task, saying in _left(dag, run_id, NOTIFICATION_KEY).items():
        # What a task said before a person cleared it no longer counts where it did not run again.
        if _has_run(dag.get_task(task), states):
            texts.setdefault(saying["event"], []).append(saying["text"])
    where = run_url(dag.dag_id, run_id)
    return [
        Notification(event, f"{_title(dag)}: {event}", where, "\n".join(lines))
        for event, lines in texts.items()
    ]


def _end(dag: Any, run_id: str, states: Mapping[str, str | None]) -> Notification | None:
    where = run_url(dag.dag_id, run_id)
    reasons = {task: str(why) for task, why in _left(dag, run_id, REASON).items()}
    if any(states.get(task.task_id) == "success" for task in dag.leaves):
        return Notification(
            "success", f"{_title(dag)} did well", where, "\n".join(reasons.values())
        )
    ordered = _ordered(dag)
    tasks = [task.task_id for task in ordered]
    skipped = (at for at, task in enumerate(ordered) if _ends_with(task, states))
    if (first := next(skipped, None)) is None:
        return None
    # Its own reason, or that of the task before it which skipped it; none of a run before a clear.
    why = [reasons[task] for task in tasks[: first + 1] if task in reasons]
    title = f"{_title(dag)} skipped {tasks[first]} and what follows"
    return Notification("skip", title, where, why[-1] if why else "No task left a reason.")


def _has_run(task: Any, states: Mapping[str, str | None]) -> bool:
    """Whether a task ran in this run, though it may have skipped itself.

    A skipped task did where its upstream tasks let it run; else Airflow skipped it without running.
    """
    state = states.get(task.task_id)
    if state != "skipped":
        return state != "upstream_failed"
    above = [states.get(upstream) for upstream in task.upstream_task_ids]
    failed = any(found in ("failed", "upstream_failed") for found in above)
    if task.trigger_rule == TriggerRule.ONE_FAILED:
        return failed
    if task.trigger_rule == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS:
        return "success" in above and not failed
    return all(found == "success" for found in above)


def _ends_with(task: Any, states: Mapping[str, str | None]) -> bool:
    """Whether a task was skipped and nothing ran after it, as after a question not asked."""
    after = task.get_flat_relatives(upstream=False)
    ran = any(states.get(follower.task_id) == "success" for follower in after)
    return states.get(task.task_id) == "skipped" and not ran


def _title(dag: Any) -> str:
    return str(dag.dag_id).replace(SEPARATOR, " ", 1)


def _left(dag: Any, run_id: str, key: str) -> dict[str, Any]:
    """Return the XComs of this key that a run's tasks left, by task, in the order of the DAG."""
    tasks = [task.task_id for task in _ordered(dag)]
    found = {task_id: read_xcom(dag.dag_id, run_id, task_id, key) for task_id in tasks}
    return {task_id: value for task_id, value in found.items() if value is not None}


def _ordered(dag: Any) -> list[Any]:
    return list(dag.topological_sort())

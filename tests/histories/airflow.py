"""The part of Airflow that moves runs: states, tries, clears, marks and killed triggers.

Only the bookkeeping is simulated, by the rules of Airflow 3.3: `tries` counts when a task is
scheduled, not when it resumes; a clear sets `max_tries` to the tries so far plus the retries; a
failed task makes the tasks after it `upstream_failed`. Tasks are in one line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from tests.histories.aws import Crash

FINISHED = ("success", "failed", "skipped", "upstream_failed")
RETRIES = 3
_AFTER = {"failed": "upstream_failed", "upstream_failed": "upstream_failed", "skipped": "skipped"}


@dataclass
class Task:
    """A task instance; `trigger` is what it waits in, while it is deferred."""

    task_id: str
    state: str | None = None
    tries: int = 0
    max_tries: int = RETRIES
    result: Any = None
    pushed: dict[str, Any] = field(default_factory=dict)
    trigger: Any = None
    error: BaseException | None = None


@dataclass
class Run:
    """A DAG run."""

    run_id: str
    run_type: str
    force: bool
    tasks: list[Task]
    clear_number: int = 0
    deleted: bool = False

    @property
    def is_active(self) -> bool:
        return not self.deleted and any(task.state not in FINISHED for task in self.tasks)

    @property
    def next_task(self) -> Task | None:
        """The task that the scheduler would start; None while one is deferred, or at the end."""
        if self.deleted:
            return None
        for task in self.tasks:
            if task.state in (None, "up_for_retry"):
                return task
            if task.state != "success":
                return None
        return None

    @property
    def deferred(self) -> Task | None:
        waiting = (task for task in self.tasks if task.state == "deferred" and not self.deleted)
        return next(waiting, None)

    def task(self, task_id: str) -> Task:
        return next(task for task in self.tasks if task.task_id == task_id)

    def finish(self, task: Task, state: str) -> None:
        """Set the state of a task, and of the tasks after it if it did not succeed."""
        task.state, task.trigger = state, None
        self.settle()

    def settle(self) -> None:
        """Set the states of tasks that cannot run, because a task before them did not succeed."""
        after = None
        for task in self.tasks:
            if after and task.state not in FINISHED:
                task.state = after
            after = _AFTER.get(task.state or "", after)


class SimulatedAirflow:
    """Runs of one DAG.

    Attributes:
        runs: All runs, in the order of their creation.
        kills: Triggers of killed tasks, which the triggerer has not stopped yet.
    """

    dag_id = "merch__nightly_training"

    def __init__(self, task_ids: tuple[str, ...], retry_policy: Any) -> None:
        self._task_ids = task_ids
        self._retry_policy = retry_policy
        self.runs: list[Run] = []
        self.kills: list[tuple[Run, Task, Any]] = []

    def create_run(self, run_type: str, force: bool = False) -> Run:
        run_id = f"{run_type}__{len(self.runs)}"
        run = Run(run_id, run_type, force, [Task(task_id) for task_id in self._task_ids])
        self.runs.append(run)
        return run

    def states(
        self,
        dag_id: str,
        run_id: str,
        *,
        task_ids: list[str] | None = None,
        map_index: int | None = None,
    ) -> dict[str, str | None]:
        """Answer as `sagemaker_jobs.airflow_compat.get_task_states`."""
        assert dag_id == self.dag_id
        run = next(run for run in self.runs if run.run_id == run_id)
        if run.deleted:
            return {}
        return {
            task.task_id: task.state
            for task in run.tasks
            if task_ids is None or task.task_id in task_ids
        }

    def start(self, run: Run, task: Task, body: Callable[[], Any]) -> None:
        """Schedule and run a task."""
        task.tries += 1
        task.result, task.pushed = None, {}
        self.advance(run, task, body)

    def advance(self, run: Run, task: Task, body: Callable[[], Any]) -> None:
        """Run a task's process to its end, and set the states that follow."""
        task.state, task.trigger, task.error = "running", None, None
        try:
            task.result = json.loads(json.dumps(body(), default=str))
        except TaskDeferred as deferred:
            task.state, task.trigger = "deferred", deferred.trigger
        except AirflowSkipException as skip:
            task.error = skip
            run.finish(task, "skipped")
        except (Exception, Crash) as error:
            task.error = error
            if task.tries <= task.max_tries and self._may_retry(task, error):
                task.state = "up_for_retry"
            else:
                run.finish(task, "failed")
        else:
            task.state = "success"

    def _may_retry(self, task: Task, error: BaseException) -> bool:
        if isinstance(error, AirflowFailException):
            return False
        if isinstance(error, Crash):
            return True
        decision = self._retry_policy.evaluate(error, task.tries, task.max_tries)
        return bool(decision.action != RetryAction.FAIL)

    def clear(self, run: Run, first: int) -> None:
        """Clear a task and the tasks after it."""
        for task in run.tasks[first:]:
            self._kill(run, task)
            task.max_tries = task.tries + RETRIES
            task.state, task.trigger = None, None
        run.clear_number += 1
        run.settle()

    def mark(self, run: Run, task: Task, state: str) -> None:
        """Mark a task as succeeded or failed."""
        self._kill(run, task)
        run.finish(task, state)

    def fail(self, run: Run) -> None:
        """Mark a run as failed."""
        for task in run.tasks:
            if task.state not in FINISHED:
                self._kill(run, task)
                task.state = "failed" if task.state == "deferred" else "skipped"
                task.trigger = None

    def delete(self, run: Run) -> None:
        """Delete a run; its trigger is killed."""
        for task in run.tasks:
            self._kill(run, task)
        run.deleted = True

    def _kill(self, run: Run, task: Task) -> None:
        if task.state == "deferred":
            self.kills.append((run, task, task.trigger))


def context_of(run: Run, task: Task, dag_task: Any = None) -> dict[str, Any]:
    """Return the parts of Airflow's context that the tasks read."""
    from types import SimpleNamespace

    from airflow.sdk.execution_time.context import OutletEventAccessors

    def xcom_push(key: str, value: Any) -> None:
        task.pushed[key] = value

    ti = SimpleNamespace(
        dag_id=SimulatedAirflow.dag_id,
        task_id=task.task_id,
        run_id=run.run_id,
        map_index=-1,
        max_tries=task.max_tries,
        xcom_push=xcom_push,
    )
    form: Mapping[str, Any] = {"force": run.force}
    return {
        "ti": ti,
        "run_id": run.run_id,
        "params": form,
        "task": dag_task or SimpleNamespace(retries=RETRIES),
        "dag_run": SimpleNamespace(clear_number=run.clear_number, run_type=run.run_type, conf={}),
        "outlet_events": OutletEventAccessors(),
    }

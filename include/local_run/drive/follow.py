"""Follows one run of one DAG to its end, and tells what happens in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from include.local_run.drive.airflow_api import AirflowApi, Run
from include.local_run.drive.clients import Aws
from include.local_run.drive.epochs import EpochLog
from include.local_run.drive.show import Show

POLL_EVERY = 0.7
TRAINING_POLL_EVERY = 2.5
"""Rarer: each look costs the api-server what training could use."""

TRAINING_TASK, TRAINING_SUBMIT = "track_train", "submit_train"
_STYLES = {"success": "green", "failed": "red", "up_for_retry": "yellow", "skipped": "yellow"}
_UNTOLD = frozenset({"none", "scheduled", "queued", "removed", "upstream_failed"})
_SAME = {"deferred": "running", "restarting": "running"}
_KEY_REASON = "reason"

Task = Mapping[str, Any]


@dataclass(frozen=True)
class Followed:
    """A run that has ended.

    Attributes:
        run: In its last state.
        tasks: Its task instances, by task id, as Airflow describes them.
        skipped: Why it did nothing, where it says so.
        seconds: From its creation to its end.
        job_seconds: How long its SageMaker jobs worked.
    """

    run: Run
    tasks: Mapping[str, Task]
    skipped: str | None
    seconds: float
    job_seconds: float
    begun: float = field(default=0.0)

    def succeeded(self, task_id: str) -> bool:
        """Whether a task of the run did its work (and was not skipped)."""
        return self.tasks.get(task_id, {}).get("state") == "success"


class Follower:
    """Follows runs.

    Args:
        api: Airflow.
        aws: For the logs of training jobs.
        show: Where it is told.
        check: Raises when the stack cannot go on.
        epochs: How many epochs a training has.
    """

    def __init__(
        self, api: AirflowApi, aws: Aws, show: Show, check: Callable[[], None], epochs: int
    ) -> None:
        self._api, self._aws, self._show = api, aws, show
        self._check, self._epochs = check, epochs

    def follow(self, run: Run) -> Followed:
        """Returns when the run has ended."""
        begun, told = time.time(), dict[str, str]()
        epochs: EpochLog | None = None
        while True:
            run = self._api.refreshed(run)
            tasks = {task["task_id"]: task for task in self._api.tasks(run)}
            for task in sorted(tasks.values(), key=_by_start):
                self._tell(run, task, told)
            if told.get(TRAINING_TASK) == "running":
                epochs = epochs or self._epoch_log(run, tasks[TRAINING_TASK])
            elif told.get(TRAINING_TASK) == "up_for_retry":
                epochs = None  # the next try may follow another job
            if epochs is not None:
                for line in epochs.news():
                    self._show.line(f"  {line}")
            if run.ended:
                self._show.quiet()
                return self._followed(run, tasks, begun)
            self._show.now(f"{run.dag_id}: {_doing(told)}")
            self._check()
            training = told.get(TRAINING_TASK) == "running"
            time.sleep(TRAINING_POLL_EVERY if training else POLL_EVERY)

    def _tell(self, run: Run, task: Task, told: dict[str, str]) -> None:
        name: str = task["task_id"]
        state: str = _SAME.get(task["state"], task["state"] or "none")
        if state in _UNTOLD or told.get(name) == state:
            return
        told[name] = state
        text = f"  {run.dag_id}  {name}: {state}"
        if state == "skipped":
            reason = self._api.xcom(run, name, _KEY_REASON)
            if reason is None:  # it follows a task that was skipped and told why
                return
            text += f": {reason}"
        elif state == "success":
            text += f" ({_seconds(task['start_date'], task['end_date']):.1f} s)"
        if state != "running" or name.startswith(("track_", "smoke")):
            self._show.line(text, _STYLES.get(state, ""))

    def _epoch_log(self, run: Run, task: Task) -> EpochLog | None:
        """The log of the job that a try follows: the submitted one, later one that runs now."""
        submitted = self._api.xcom(run, TRAINING_SUBMIT)
        if not submitted:
            return None
        name = submitted["job_name"]
        if (task["try_number"] or 1) > 1:
            running = self._aws.sagemaker.list_training_jobs(
                NameContains=submitted["request"]["prefix"], StatusEquals="InProgress"
            )["TrainingJobSummaries"]
            if not running:
                return None
            name = running[0]["TrainingJobName"]
        return EpochLog(self._aws.logs, name, self._epochs)

    def _followed(self, run: Run, tasks: Mapping[str, Task], begun: float) -> Followed:
        skipped = [name for name, task in tasks.items() if task["state"] == "skipped"]
        reasons = [reason for name in skipped if (reason := self._api.xcom(run, name, _KEY_REASON))]
        jobs = [
            self._api.xcom(run, name) or {}
            for name, task in tasks.items()
            if name.startswith("track_") and task["state"] == "success"
        ]
        return Followed(
            run=run,
            tasks=tasks,
            skipped=str(reasons[0]) if reasons else None,
            seconds=time.time() - begun,
            job_seconds=sum(float(job.get("seconds") or 0) for job in jobs),
            begun=begun,
        )


def _doing(told: Mapping[str, str]) -> str:
    running = [name for name, state in told.items() if state in {"running", "up_for_retry"}]
    return ", ".join(running) or "between tasks"


def _by_start(task: Task) -> str:
    return str(task.get("start_date") or "~")


def _seconds(start: str | None, end: str | None) -> float:
    if not start or not end:
        return 0.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()

"""Follow a DAG run to its end and print the progress of its tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.clients import AwsClients
from include.local_run.drive.dag_run import DagRun, TaskInstance
from include.local_run.drive.epochs import EpochLog
from include.local_run.drive.progress_display import ProgressDisplay

POLL_INTERVAL = 0.7
TRAINING_POLL_INTERVAL = 2.5
"""Longer, because each request takes processor time of the API server from the training."""

TRAINING_SENSOR, TRAINING_SUBMIT = "track_train", "submit_train"
_STYLES = {"success": "green", "failed": "red", "up_for_retry": "yellow", "skipped": "yellow"}
_UNREPORTED = frozenset({"none", "scheduled", "queued", "removed", "upstream_failed"})
_UNFINISHED = frozenset(
    {"scheduled", "queued", "running", "restarting", "deferred", "up_for_retry"}
)
"""States of tasks in which their run cannot have finished."""

_REPORTED_AS = {"deferred": "running", "restarting": "running"}
_KEY_REASON = "reason"


@dataclass(frozen=True)
class FinishedRun:
    """A DAG run that has finished.

    Attributes:
        run: The run in its last state.
        tasks: Its task instances by task id.
        skipped: Why the run was skipped, or None.
        seconds: From its creation to its end.
        job_seconds: How long its SageMaker jobs ran.
    """

    run: DagRun
    tasks: Mapping[str, TaskInstance]
    skipped: str | None
    seconds: float
    job_seconds: float

    def succeeded(self, task_id: str) -> bool:
        """Return whether a task of the run succeeded; False if it was skipped."""
        task = self.tasks.get(task_id)
        return task is not None and task.state == "success"


@dataclass
class _Followed:
    """A DAG run that is followed.

    Attributes:
        run: Its last state.
        states: The last state of each task that was printed.
        epochs: The log of its training job, once there is one.
        finished: The result, once it has finished.
        started: When it was followed first, as a Unix timestamp.
    """

    run: DagRun
    states: dict[str, str] = field(default_factory=dict)
    epochs: EpochLog | None = None
    finished: FinishedRun | None = None
    started: float = field(default_factory=time.time)

    @property
    def text(self) -> str:
        """The DAG and its running tasks."""
        return f"{self.run.dag_id}: {_running_tasks(self.states)}"


class RunFollower:
    """Follows DAG runs.

    Args:
        api: Airflow's REST API.
        aws: For the logs of training jobs.
        display: Prints the progress.
        check: Raises if a component of the stack has failed for good.
        epochs: Number of epochs of a training job.
    """

    def __init__(
        self,
        api: AirflowApi,
        aws: AwsClients,
        display: ProgressDisplay,
        check: Callable[[], None],
        epochs: int,
    ) -> None:
        self._api, self._aws, self._display = api, aws, display
        self._check, self._epochs = check, epochs

    def follow(self, *runs: DagRun) -> Sequence[FinishedRun]:
        """Print state changes of the runs' tasks until all runs have finished."""
        followed = [_Followed(run) for run in runs]
        while True:
            for item in followed:
                if item.finished is None:
                    self._poll(item)
            finished = [item.finished for item in followed if item.finished]
            if len(finished) == len(followed):
                self._display.clear_status()
                return finished
            unfinished = [item for item in followed if item.finished is None]
            self._display.show_status("; ".join(item.text for item in unfinished))
            self._check()
            training = any(item.states.get(TRAINING_SENSOR) == "running" for item in unfinished)
            time.sleep(TRAINING_POLL_INTERVAL if training else POLL_INTERVAL)

    def _poll(self, followed: _Followed) -> None:
        """Print what has changed in a run, and note whether it has finished."""
        run, tasks = followed.run, self._tasks(followed.run)
        if not any(task.state in _UNFINISHED for task in tasks.values()):
            run = followed.run = self._api.get_run(run)
            if run.finished:  # other tasks may have run since the first request
                tasks = self._tasks(run)
        for task in sorted(tasks.values(), key=_by_start):
            self._report(run, task, followed.states)
        followed.epochs = self._epochs_of(run, tasks, followed.states, followed.epochs)
        for line in followed.epochs.new_epochs() if followed.epochs else ():
            self._display.print_line(f"  {line}")
        if run.finished:
            followed.finished = self._finished(run, tasks, followed.started)

    def _tasks(self, run: DagRun) -> dict[str, TaskInstance]:
        return {task.task_id: task for task in self._api.list_task_instances(run)}

    def _report(self, run: DagRun, task: TaskInstance, states: dict[str, str]) -> None:
        """Print a task's state if it differs from the last one in `states`."""
        name, state = task.task_id, task.state or "none"
        state = _REPORTED_AS.get(state, state)
        if state in _UNREPORTED or states.get(name) == state:
            return
        states[name] = state
        text = f"  {run.dag_id}  {name}: {state}"
        if state == "skipped":
            reason = self._api.get_xcom(run, name, _KEY_REASON)
            if reason is None:  # skipped because a task upstream was, which has the reason
                return
            text += f": {reason}"
        elif state == "success":
            text += f" ({task.seconds:.1f} s)"
        if state != "running" or name.startswith(("track_", "smoke")):
            self._display.print_line(text, _STYLES.get(state, ""))

    def _epochs_of(
        self,
        run: DagRun,
        tasks: Mapping[str, TaskInstance],
        states: Mapping[str, str],
        epochs: EpochLog | None,
    ) -> EpochLog | None:
        """Return the log to read epochs from, if the training sensor runs."""
        state = states.get(TRAINING_SENSOR)
        if state == "up_for_retry":
            return None  # the next try may track another training job
        if state == "running" and epochs is None:
            return self._epoch_log(run, tasks[TRAINING_SENSOR])
        return epochs

    def _epoch_log(self, run: DagRun, task: TaskInstance) -> EpochLog | None:
        """Return the log of the submitted job; from the second try on, of the job in progress."""
        submitted = self._api.get_xcom(run, TRAINING_SUBMIT)
        if not submitted:
            return None
        name = submitted["job_name"]
        if task.try_number > 1:
            running = self._aws.sagemaker.list_training_jobs(
                NameContains=submitted["request"]["prefix"], StatusEquals="InProgress"
            )["TrainingJobSummaries"]
            if not running:
                return None
            name = running[0]["TrainingJobName"]
        return EpochLog(self._aws.logs, name, self._epochs)

    def _finished(
        self, run: DagRun, tasks: Mapping[str, TaskInstance], started: float
    ) -> FinishedRun:
        skipped = [name for name, task in tasks.items() if task.state == "skipped"]
        reasons = (self._api.get_xcom(run, name, _KEY_REASON) for name in skipped)
        reason = next((str(reason) for reason in reasons if reason), None)
        jobs = [
            self._api.get_xcom(run, name) or {}
            for name, task in tasks.items()
            if name.startswith("track_") and task.state == "success"
        ]
        return FinishedRun(
            run=run,
            tasks=tasks,
            skipped=reason,
            seconds=time.time() - started,
            job_seconds=sum(float(job.get("seconds") or 0) for job in jobs),
        )


def _running_tasks(states: Mapping[str, str]) -> str:
    running = [name for name, state in states.items() if state in {"running", "up_for_retry"}]
    return ", ".join(running) or "between tasks"


def _by_start(task: TaskInstance) -> tuple[bool, float]:
    """Sort key: tasks in the order of their start, those that have not started last."""
    return task.start is None, task.start.timestamp() if task.start else 0.0

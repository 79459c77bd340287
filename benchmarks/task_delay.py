"""Delay from the end of a job to the next task, compared with the delay between two plain tasks."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from benchmarks.pairs import Ratio
from include.local_aws.processes.ports import free_port

SEED = "30"
TIMEOUT_SECONDS = 1800
POLL = "polled after 0.5 s at first, then after a tenth of the time waited, at most 5 s"


@dataclass(frozen=True)
class Task:
    """A task of a DAG run: its start and end, and the end of the job that it waited for."""

    task_id: str
    started: datetime
    ended: datetime
    job_ended: datetime | None

    @property
    def is_sensor(self) -> bool:
        """Whether the task waits for a job, in a task group or not."""
        return _is_sensor(self.task_id)


def task_delay(folder: Path) -> Ratio:
    """Return the median delays in seconds, over one run of all DAGs."""
    _run_chain(folder)
    runs = list(_runs(folder / "airflow" / "airflow.db"))
    after_job = [gap for run in runs for gap in _after_jobs(run)]
    between = [gap for run in runs for gap in _between_tasks(run)]
    project, peer = statistics.median(after_job), statistics.median(between)
    return Ratio(
        ours=round(project, 2), peer=round(peer, 2), ratio=round(peer / project, 2), unit="s",
        peer_is=f"from the end of a task to the start of the next, {len(between)} pairs; the "
        f"project: from the end of a job to the start of the task after its sensor, "
        f"{len(after_job)} jobs, {POLL}",
    )  # fmt: skip


BENCHMARKS: dict[str, Callable[[Path], Ratio]] = {"handover": task_delay}


def _run_chain(folder: Path) -> None:
    ports = [f"--{name}-port={free_port()}" for name in ("ui", "aws")]
    command = [sys.executable, "-m", "include.local_run", "run", "--once", "--seed", SEED]
    subprocess.run(
        [*command, "--local", str(folder), *ports],
        env={k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AWS_"))},
        check=True,
        timeout=TIMEOUT_SECONDS,
        stdout=subprocess.DEVNULL,
    )


def _runs(database: Path) -> Iterator[list[Task]]:
    """Yield the successful tasks of each DAG run, by their start."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT t.run_id || t.dag_id, t.task_id, t.start_date, t.end_date, x.value "
            "FROM task_instance t LEFT JOIN xcom x ON x.dag_id = t.dag_id AND "
            "x.run_id = t.run_id AND x.task_id = t.task_id AND x.key = 'return_value' "
            "WHERE t.state = 'success' ORDER BY 1, t.start_date"
        ).fetchall()
    for _, tasks in groupby(rows, lambda row: row[0]):
        yield [
            Task(
                task_id, _time(start), _time(end), _job_end(value) if _is_sensor(task_id) else None
            )
            for _, task_id, start, end, value in tasks
        ]


def _is_sensor(task_id: str) -> bool:
    return task_id.rpartition(".")[2].startswith("track_")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _job_end(value: str | None) -> datetime | None:
    summary = json.loads(value or "{}")
    if isinstance(summary, str):
        summary = json.loads(summary)
    ended = summary.get("ended")
    return datetime.fromisoformat(ended) if ended else None


def _after_jobs(run: list[Task]) -> Iterator[float]:
    for task in run:
        later = [other.started for other in run if other.started >= task.ended]
        if task.job_ended is not None and later:
            yield (min(later) - task.job_ended).total_seconds()


def _between_tasks(run: list[Task]) -> Iterator[float]:
    for task in run:
        earlier = [other for other in run if other.ended <= task.started]
        if not earlier or task.is_sensor:
            continue
        previous = max(earlier, key=lambda other: other.ended)
        if not previous.is_sensor:
            yield (task.started - previous.ended).total_seconds()

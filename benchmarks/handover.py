"""How soon after a job's end the next task starts, beside two tasks that only follow each other."""

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
LONGEST = 1800  # seconds
POLL = "polled after 0.5 s at first, then after a tenth of the time waited, at most 5 s"


@dataclass(frozen=True)
class Task:
    """One task of a run: when it began and ended, and the end of the job that it tracked."""

    name: str
    started: datetime
    ended: datetime
    job_ended: datetime | None


def handover(folder: Path) -> Ratio:
    """Seconds at the median, over all jobs and all pairs of plain tasks of one whole chain."""
    _run_chain(folder)
    runs = list(_runs(folder / "airflow" / "airflow.db"))
    after_job = [gap for run in runs for gap in _after_jobs(run)]
    between = [gap for run in runs for gap in _between_tasks(run)]
    ours, peer = statistics.median(after_job), statistics.median(between)
    return Ratio(
        ours=round(ours, 2), peer=round(peer, 2), ratio=round(peer / ours, 2), unit="s",
        peer_is=f"from a task's end to the next one's start, {len(between)} pairs; ours from a "
        f"job's end to the start of the task after its tracker, {len(after_job)} jobs, {POLL}",
    )  # fmt: skip


ALWAYS: dict[str, Callable[[Path], Ratio]] = {"handover": handover}


def _run_chain(folder: Path) -> None:
    ports = [f"--{name}-port={free_port()}" for name in ("ui", "aws")]
    command = [sys.executable, "-m", "include.local_run", "run", "--once", "--seed", SEED]
    subprocess.run(
        [*command, "--local", str(folder), *ports],
        env={k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AWS_"))},
        check=True,
        timeout=LONGEST,
        stdout=subprocess.DEVNULL,
    )


def _runs(database: Path) -> Iterator[list[Task]]:
    """Yield the tasks of each run that did something, by their start."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT t.run_id || t.dag_id, t.task_id, t.start_date, t.end_date, x.value "
            "FROM task_instance t LEFT JOIN xcom x ON x.dag_id = t.dag_id AND "
            "x.run_id = t.run_id AND x.task_id = t.task_id AND x.key = 'return_value' "
            "WHERE t.state = 'success' ORDER BY 1, t.start_date"
        ).fetchall()
    for _, tasks in groupby(rows, lambda row: row[0]):
        yield [
            Task(name, _moment(start), _moment(end), _job_end(value) if "track_" in name else None)
            for _, name, start, end, value in tasks
        ]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


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
        if not earlier or task.name.startswith("track_"):
            continue
        before = max(earlier, key=lambda other: other.ended)
        if not before.name.startswith("track_"):
            yield (task.started - before.ended).total_seconds()

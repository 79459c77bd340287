"""Run `make run --once` as a user would, and sample the states of its tasks."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from include.local_aws.processes.ports import free_port

ROOT = Path(__file__).parents[2]
CALLS = "aws_calls.jsonl"
"""The file in a run's folder with all AWS calls of Airflow."""

SEED = "20"  # not the seed with which the hyperparameters were tuned


@dataclass
class ChainRun:
    """The result of one `run --once`: exit status, output, summary and sampled task states."""

    folder: Path
    status: int
    output: str
    summary: dict[str, Any]
    samples: list[dict[str, str]] = field(default_factory=list)
    """The states of unfinished tasks, sampled twice a second."""


def run_chain(folder: Path) -> ChainRun:
    """Run `run --once` with all state in `folder`."""
    ports = [f"--{name}-port={free_port()}" for name in ("ui", "aws")]
    program = ("tests.end_to_end.recorded_run", str(folder / CALLS))
    command = [sys.executable, "-m", *program, "run", "--once", "--seed", SEED]
    with _sampling(folder / "airflow" / "airflow.db") as samples:
        process = subprocess.run(
            [*command, "--local", str(folder), *ports],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AWS_"))},
            capture_output=True,
            text=True,
            timeout=900,
        )
    summary = folder / "summary.json"
    content = json.loads(summary.read_text()) if summary.exists() else {}
    output = process.stdout + process.stderr
    return ChainRun(folder, process.returncode, output, content, list(samples))


@contextlib.contextmanager
def _sampling(database: Path) -> Iterator[list[dict[str, str]]]:
    samples: list[dict[str, str]] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(0.5):
            with contextlib.suppress(sqlite3.Error):
                samples.append(_unfinished_tasks(database))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    yield samples
    done.set()
    thread.join()


def _unfinished_tasks(database: Path) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT task_id, state FROM task_instance "
            "WHERE state IN ('queued', 'running', 'deferred')"
        )
        return dict(rows.fetchall())

"""Tests of `make run --once`: all DAGs succeed, and a second run skips unchanged work."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from include.local_run.drive.chain import LOCAL_FAMILIES
from include.local_run.stack.process_marks import find_marked
from tests.end_to_end.chain_run import ChainRun

RUNS = {f"stanford_cars__{family}" for family in LOCAL_FAMILIES}

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1200)]


def test_all_runs_succeeded_in_airflows_database(first_run: ChainRun) -> None:
    assert first_run.status == 0, first_run.output[-3000:]
    database = first_run.folder / "airflow" / "airflow.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        runs = connection.execute("SELECT dag_id, state FROM dag_run").fetchall()
    assert set(runs) >= {(run, "success") for run in RUNS}
    assert first_run.summary["runs"] == dict.fromkeys(RUNS, "success")


def test_the_summary_is_complete_and_its_counts_add_up(first_run: ChainRun) -> None:
    summary = first_run.summary
    assert set(summary) == {
        *("pipeline", "succeeded", "runs", "dataset", "recordio", "training", "evaluation"),
        *("endpoint", "batch", "ui", "install_seconds", "total_seconds"),
    }
    dataset, recordio = summary["dataset"], summary["recordio"]
    assert dataset["images"] + dataset["quarantined"] + dataset["deduplicated"] == 600
    tested = summary["evaluation"]["images"]
    assert recordio["train"] + recordio["validation"] + tested == dataset["images"]
    assert summary["endpoint"]["status"] == "InService"
    assert summary["batch"]["images"] == 24


def test_the_model_reaches_its_accuracy(first_run: ChainRun) -> None:
    """Chance is 0.1; nearest centroids of pixels or colors stay below 0.5 on these images."""
    assert first_run.summary["evaluation"]["top1"] >= 0.90


def test_no_task_runs_while_training_is_deferred(first_run: ChainRun) -> None:
    tracked = [tasks for tasks in first_run.samples if tasks.get("track_train") == "deferred"]
    slots = [state for tasks in tracked for state in tasks.values() if state == "running"]
    assert len(tracked) > 10, "training was rarely sampled as deferred"
    assert slots == []


def test_no_process_is_left_running(first_run: ChainRun) -> None:
    assert find_marked(str(first_run.folder)) == set()


def test_a_second_run_skips_training_and_batch(first_run: ChainRun, second_run: ChainRun) -> None:
    assert second_run.status == 0, second_run.output[-3000:]
    assert second_run.summary["training"]["skipped"]
    assert second_run.summary["batch"]["skipped"]
    assert second_run.summary["dataset"]["unchanged"] is True
    assert second_run.summary["evaluation"] == first_run.summary["evaluation"]
    assert second_run.summary["training"]["job"] == first_run.summary["training"]["job"]

"""A backfill works on nothing of its own: its runs are skipped, in every DAG."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.sdk import TriggerRule
from airflow.sdk.exceptions import AirflowSkipException

from tests.dags.conftest import LoadDags

SKIPPED_WITH_THEIR_UPSTREAM = {
    TriggerRule.ALL_SUCCESS,
    TriggerRule.ONE_FAILED,
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
}


def first_tasks(dag: Any) -> list[Any]:
    """Return the tasks that run without others, also those that run after skipped ones."""
    return [
        task
        for task in dag.tasks
        if not task.upstream_task_ids or task.trigger_rule == TriggerRule.NONE_FAILED
    ]


def run_first_task(dag: Any, task: Any, run_type: str) -> dict[str, str]:
    """Run what Airflow runs before a task, and return the XComs; `ran` if it is not skipped."""
    pushed: dict[str, str] = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    run = SimpleNamespace(run_type=run_type, conf={})
    with suppress(AirflowSkipException):
        task._pre_execute_hook({"dag": dag, "task": task, "ti": ti, "dag_run": run})
        pushed["ran"] = ""
    return pushed


def test_the_first_tasks_of_every_dag_skip_a_backfill_and_nothing_else(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        for task in first_tasks(dag):
            pushed = run_first_task(dag, task, "backfill")
            assert list(pushed) == ["reason"]
            assert "works on the present data and models, whatever its date" in pushed["reason"]
            for run_type in ("scheduled", "manual", "asset_triggered"):
                assert run_first_task(dag, task, run_type) == {"ran": ""}


def test_no_task_runs_if_the_first_tasks_are_skipped(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        others = [task for task in dag.tasks if task not in first_tasks(dag)]
        rules = {TriggerRule(task.trigger_rule) for task in others}
        assert rules <= SKIPPED_WITH_THEIR_UPSTREAM, dag.dag_id


def test_a_refresh_after_a_skipped_fetch_is_skipped_too(
    pipelines_folder: Path, load_dags: LoadDags
) -> None:
    urls = "source: {layout: class_folders, urls: ['https://some.host/flowers.zip']}\n"
    (pipelines_folder / "flowers.yaml").write_text(urls)
    dag = load_dags().dags["flowers__dataset_refresh"]
    assert {task.task_id for task in first_tasks(dag)} == {"plan_fetch", "plan"}
    for task in first_tasks(dag):
        assert list(run_first_task(dag, task, "backfill")) == ["reason"]

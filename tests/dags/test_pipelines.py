"""A pipeline needs a YAML file only, and an invalid file affects no other pipeline."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import XComArg

from dag_factory.timeouts import TIMEOUT_MARGIN
from include.config.dag_families import FAMILIES
from include.config.sections.endpoint import PROVISIONING_TIMEOUT

LoadDags = Callable[[], Any]

GOOD = "source: {layout: class_folders}\n"


def of_pipelines(bag: Any) -> list[str]:
    """Return the ids of the DAGs that belong to a pipeline."""
    return [dag_id for dag_id in bag.dags if "__" in dag_id]


def test_a_third_file_adds_a_dag_of_each_family(
    pipelines_folder: Path, load_dags: LoadDags
) -> None:
    (pipelines_folder / "flowers.yaml").write_text(GOOD)
    bag = load_dags()
    assert bag.import_errors == {}
    assert len(of_pipelines(bag)) == 3 * len(FAMILIES)
    assert sum(dag_id.startswith("flowers__") for dag_id in bag.dags) == len(FAMILIES)


def test_without_schedules_dags_run_manually_or_by_assets(
    pipelines_folder: Path, load_dags: LoadDags
) -> None:
    (pipelines_folder / "flowers.yaml").write_text(GOOD)
    dags = load_dags().dags
    assert dags["flowers__nightly_training"].schedule is None
    assert dags["flowers__endpoint_update"].schedule is not None


def test_only_a_pipeline_with_urls_fetches(pipelines_folder: Path, load_dags: LoadDags) -> None:
    urls = "source: {layout: class_folders, urls: ['https://some.host/flowers.zip']}\n"
    (pipelines_folder / "flowers.yaml").write_text(urls)
    dags = load_dags().dags
    assert dags["flowers__dataset_refresh"].get_task("plan").upstream_task_ids == {"track_fetch"}
    assert not dags["merch__dataset_refresh"].has_task("plan_fetch")


def test_approval_ask_adds_a_question_that_is_rejected_by_default(
    pipelines_folder: Path, load_dags: LoadDags
) -> None:
    (pipelines_folder / "flowers.yaml").write_text(
        GOOD + "promotion: {approval: ask, approval_hours: 20}\n"
    )
    dags = load_dags().dags
    dag = dags["flowers__nightly_training"]
    asked = dag.get_task("ask_person")
    assert asked.defaults == ["Reject"]
    assert asked.response_timeout == timedelta(hours=20)
    assert asked.execution_timeout > asked.response_timeout
    assert dag.dagrun_timeout > asked.execution_timeout
    assert asked.options == ["Approve", "Reject"]
    assert list(asked.serialized_params) == ["why"]
    assert asked.downstream_task_ids == {"take_answer"}
    assert dag.get_task("announce").upstream_task_ids == {"take_answer"}
    assert not dags["merch__nightly_training"].has_task("ask_person")


def test_a_key_of_an_xcom_is_taken_from_tasks_with_multiple_outputs_only(
    pipelines_folder: Path, load_dags: LoadDags
) -> None:
    """Only tasks with `multiple_outputs` push an XCom for each key."""
    (pipelines_folder / "flowers.yaml").write_text(GOOD + "promotion: {approval: ask}\n")
    taken = {
        (dag.dag_id, giver.task_id, key, getattr(giver, "multiple_outputs", False))
        for dag in load_dags().dags.values()
        for task in dag.tasks
        if not task.is_mapped
        for giver, key in XComArg.iter_xcom_references(task)
        if key != "return_value"
    }
    assert ("flowers__nightly_training", "prepare_question", "subject", True) in taken
    assert [reference for reference in taken if not reference[3]] == []


def test_a_dag_suits_every_deployment(pipelines_folder: Path, load_dags: LoadDags) -> None:
    """A DAG is built before its deployment is known, which may have longer timeouts or URLs."""
    prod = """
deployments:
  prod:
    source: {urls: ['https://some.host/flowers.zip']}
    training: {instance: {instance_type: ml.c5.xlarge, max_runtime_minutes: 2000}}
    conversion: {instance: {instance_type: ml.c5.xlarge, max_runtime_minutes: 3000}}
"""
    (pipelines_folder / "flowers.yaml").write_text(GOOD + prod)
    dags = load_dags().dags
    training = dags["flowers__nightly_training"]
    assert training.get_task("track_train").timeout == 2030 * 60
    assert training.dagrun_timeout > training.get_task("track_train").execution_timeout
    conversion = dags["flowers__im2rec_conversion"]
    assert conversion.get_task("track_im2rec").timeout == 3030 * 60
    assert dags["flowers__dataset_refresh"].has_task("track_fetch")


@pytest.mark.parametrize("family", ["endpoint_update", "endpoint_rollback"])
def test_the_timeout_of_an_update_covers_its_traffic_shifting(
    pipelines_folder: Path, load_dags: LoadDags, family: str
) -> None:
    """Ten steps of 50 minutes, in one deployment only."""
    traffic = "{shift: linear, step_percent: 10, wait_seconds: 3000}"
    slow = f"deployments: {{prod: {{endpoint: {{instance_count: 2, traffic: {traffic}}}}}}}\n"
    (pipelines_folder / "flowers.yaml").write_text(GOOD + slow)
    dag = load_dags().dags[f"flowers__{family}"]
    moving = timedelta(seconds=10 * 3000)
    for task_id in ("track_endpoint", "track_restore"):
        track = dag.get_task(task_id)
        assert timedelta(seconds=track.timeout) == PROVISIONING_TIMEOUT + moving
        assert track.execution_timeout > timedelta(seconds=track.timeout)
    assert (
        dag.dagrun_timeout >= PROVISIONING_TIMEOUT + 2 * moving + TIMEOUT_MARGIN
    )  # there and back again
    assert dag.deadline[0].interval >= PROVISIONING_TIMEOUT + 2 * moving


def test_an_invalid_file_disables_only_its_dags_and_is_reported(
    pipelines_folder: Path, load_dags: LoadDags
) -> None:
    broken = pipelines_folder / "flowers.yaml"
    broken.write_text("source: {layout: class_folders}\nconversion: {fit: stretch}\n")
    bag = load_dags()
    assert len(of_pipelines(bag)) == 2 * len(FAMILIES)
    ((file, message),) = bag.import_errors.items()
    assert file.endswith("pipeline_check.py")
    assert f"{broken}: conversion.fit: 'stretch' is not allowed" in message
    assert "'squash' or 'crop'" in message


def test_a_running_task_builds_only_its_own_dag(
    load_dags: LoadDags, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "merch__nightly_training")
    assert of_pipelines(load_dags()) == ["merch__nightly_training"]


def test_a_running_task_ignores_another_pipelines_invalid_file(
    pipelines_folder: Path, load_dags: LoadDags, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pipelines_folder / "flowers.yaml").write_text("nonsense")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "merch__batch_inference")
    assert of_pipelines(load_dags()) == ["merch__batch_inference"]

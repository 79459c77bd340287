"""Every DAG follows the policies that operators rely on."""

import importlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.definitions.retry_policy import RetryPolicy
from pydantic import TypeAdapter, ValidationError

from include.common.errors import PermanentError
from include.config.dag_families import FAMILIES

PIPELINES = ("merch", "stanford_cars")
FAMILY_NAMES = [family.name for family in FAMILIES]
IDS = [f"{pipeline}__{family}" for pipeline in PIPELINES for family in FAMILY_NAMES]
INSTALLATION = ["job_sweep", "preflight"]
"""The DAGs that exist once for all pipelines."""


def test_there_are_these_dags_and_no_import_errors(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert sorted(dag_bag.dags) == sorted(IDS + INSTALLATION)


@pytest.mark.parametrize("dag_id", IDS)
def test_a_dag_keeps_the_rules(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]
    pipeline, family = dag_id.split("__")
    assert dag.tags == {pipeline, family, "image-classification"}
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert ("force" in dag.params) is (family != "endpoint_rollback")


def test_the_ui_shows_the_dags_in_the_order_of_work(dag_bag: Any) -> None:
    names = sorted(dag_bag.dags[dag_id].dag_display_name for dag_id in IDS)
    assert names[6:] == [
        "Stanford Cars · 1 dataset refresh",
        "Stanford Cars · 2 im2rec conversion",
        "Stanford Cars · 3 nightly training",
        "Stanford Cars · 4 endpoint update",
        "Stanford Cars · 5 batch inference",
        "Stanford Cars · 6 endpoint rollback",
    ]


@pytest.mark.parametrize("dag_id", INSTALLATION)
def test_a_dag_of_the_installation_keeps_the_rules(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]
    assert dag.tags == {dag_id, "image-classification"}
    assert dag.max_active_runs == 1
    assert dag.catchup is False


@pytest.mark.parametrize("dag_id", IDS + INSTALLATION)
def test_a_dag_for_manual_runs_is_not_paused(dag_bag: Any, dag_id: str) -> None:
    """Airflow queues manual runs of a paused DAG without a warning."""
    dag = dag_bag.dags[dag_id]
    assert dag.is_paused_upon_creation is (False if dag.schedule is None else None)


@pytest.mark.parametrize("dag_id", IDS + INSTALLATION)
def test_every_task_keeps_the_rules(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]
    for task in dag.tasks:
        assert task.retries >= 2, task.task_id
        assert task.owner == "data-engineering", task.task_id
        assert timedelta() < task.execution_timeout <= dag.dagrun_timeout, task.task_id


def run(conf: dict[str, Any]) -> SimpleNamespace:
    """Return the DAG run that the tasks of a manually triggered run get."""
    return SimpleNamespace(run_type="manual", conf=conf)


@pytest.mark.parametrize("dag_id", IDS + INSTALLATION)
def test_the_first_tasks_fail_on_an_unknown_param(dag_bag: Any, dag_id: str) -> None:
    from dag_factory.params import RunParamsError

    dag = dag_bag.dags[dag_id]
    known = {"dag": dag, "dag_run": run(dag.params.dump())}
    unknown = {"dag": dag, "dag_run": run({"forse": True})}
    assert dag.roots
    for task in dag.roots:
        task._pre_execute_hook({"task": task, **known})
        with pytest.raises(RunParamsError, match="'forse' is no param of this DAG"):
            task._pre_execute_hook({"task": task, **unknown})


@pytest.mark.parametrize("dag_id", IDS + INSTALLATION)
def test_the_documentation_of_a_dag_is_short(dag_bag: Any, dag_id: str) -> None:
    """A title and five lines at most: its tasks have the failure notes."""
    lines = dag_bag.dags[dag_id].doc_md.strip().splitlines()
    assert lines[1] == ""
    assert len(lines[2:]) <= 5


@pytest.mark.parametrize("dag_id", IDS)
def test_every_job_is_submitted_and_then_tracked(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]
    submitted = {task for task in dag.task_ids if task.startswith("submit_")}
    for task_id in submitted:
        (tracker,) = dag.get_task(task_id).downstream_task_ids
        assert tracker == task_id.replace("submit_", "track_")
        assert dag.get_task(task_id).sensor_task_id == tracker


PERMANENT = [
    "dag_factory.params.RunParamsError",
    "include.config.deployment.DeploymentError",
    "include.config.errors.PipelineError",
    "include.decisions.costs.budget.BudgetError",
    "include.decisions.dataset.source.SourceError",
    "include.decisions.endpoint.rollback.RollbackError",
    "include.decisions.endpoint.smoke_test.NoSamplesError",
    "include.decisions.endpoint.smoke_test.SmokeTestError",
    "include.decisions.registry.packages.RegistryError",
    "include.storage.records.RecordError",
]
RETRYABLE = [
    "include.decisions.dataset.readiness.SourceNotReadyError",
    "include.decisions.endpoint.pruning.PruningIncompleteError",
    "include.decisions.endpoint.rollback.RejectionIncompleteError",
    "include.decisions.endpoint.smoke_test.NoAnswerError",
]


def action_for(error: BaseException) -> RetryAction:
    from dag_factory.builder import _default_args

    policy: RetryPolicy = _default_args("data-engineering")["retry_policy"]
    return policy.evaluate(error, 1, 3).action


def error_class(path: str) -> type[Exception]:
    module, _, name = path.rpartition(".")
    found: type[Exception] = getattr(importlib.import_module(module), name)
    return found


@pytest.mark.parametrize("path", PERMANENT)
def test_a_permanent_error_fails_the_task_at_once(path: str) -> None:
    error = error_class(path)
    assert issubclass(error, PermanentError)
    assert action_for(error.__new__(error)) is RetryAction.FAIL


def test_a_validation_error_fails_the_task_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python("seven")
    assert action_for(caught.value) is RetryAction.FAIL


@pytest.mark.parametrize("path", RETRYABLE)
def test_an_error_that_a_retry_may_fix_is_retried(path: str) -> None:
    error = error_class(path)
    assert not issubclass(error, PermanentError)
    assert action_for(error.__new__(error)) is not RetryAction.FAIL


def outlets(dag: Any) -> dict[str, str]:
    return {outlet.name: task.task_id for task in dag.tasks for outlet in task.outlets}


def test_only_the_last_task_of_a_dag_updates_its_asset(dag_bag: Any) -> None:
    expected = {
        "dataset_refresh": {"merch/dataset": "publish"},
        "im2rec_conversion": {"merch/recordio": "publish"},
        "nightly_training": {"merch/model": "announce"},
        "endpoint_update": {"merch/endpoint": "publish"},
        "endpoint_rollback": {"merch/endpoint": "publish"},
        "batch_inference": {"merch/predictions": "publish"},
    }
    for family, expected_outlets in expected.items():
        dag = dag_bag.dags[f"merch__{family}"]
        assert outlets(dag) == expected_outlets
        (last,) = expected_outlets.values()
        assert last in [task.task_id for task in dag.leaves]


@pytest.mark.parametrize("family", ["endpoint_update", "endpoint_rollback"])
def test_a_failed_smoke_test_starts_rejection_and_restore(dag_bag: Any, family: str) -> None:
    dag = dag_bag.dags[f"merch__{family}"]
    withdraw = dag.get_task("withdraw")
    assert withdraw.trigger_rule == "one_failed"
    assert withdraw.upstream_task_ids == {"smoke_test"}
    for task in ("plan_restore", "reject_package"):
        assert dag.get_task(task).upstream_task_ids == {"withdraw"}
    assert dag.get_task("restore").upstream_task_ids == {"plan_restore"}


def test_pruning_runs_after_the_rejection_of_newer_packages(dag_bag: Any) -> None:
    """Otherwise a rollback keeps what it rejects, and deletes releases to return to."""
    for family, last in (("endpoint_update", "smoke_test"), ("endpoint_rollback", "reject_newer")):
        prune = dag_bag.dags[f"merch__{family}"].get_task("prune")
        assert prune.upstream_task_ids == {last}


def test_conversion_and_endpoint_update_are_started_by_assets(dag_bag: Any) -> None:
    for family, asset in (
        ("im2rec_conversion", "merch/dataset"),
        ("endpoint_update", "merch/model"),
    ):
        timetable = dag_bag.dags[f"merch__{family}"].timetable
        assert [entry.name for entry in timetable.asset_condition.objects] == [asset]


def test_unpausing_a_dag_does_not_catch_up(dag_bag: Any) -> None:
    families = ("dataset_refresh", "nightly_training", "batch_inference")
    for dag_id in (*(f"merch__{family}" for family in families), "job_sweep"):
        dag = dag_bag.dags[dag_id]
        assert dag.start_date is None
        assert dag.timetable.run_immediately == timedelta(0)


def test_the_training_form_is_empty_by_default(dag_bag: Any) -> None:
    params = dag_bag.dags["merch__nightly_training"].params
    given = params.dump()
    assert given == {
        "force": False,
        "epochs": None,
        "num_layers": None,
        "learning_rate": None,
        "dataset_version": None,
    }
    for name in given:
        assert params.get_param(name).description


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("epochs", 0, "less than the minimum"),
        ("epochs", True, "is not of type"),
        ("learning_rate", 0, "less than or equal to the minimum"),
        ("learning_rate", True, "is not of type"),
        ("num_layers", 19, "not one of"),
        ("learning_rate", 2, "greater than the maximum"),
        ("dataset_version", "latest", "does not match"),
    ],
)
def test_the_training_form_rejects_invalid_values(
    dag_bag: Any, name: str, value: Any, reason: str
) -> None:
    param = dag_bag.dags["merch__nightly_training"].params.get_param(name)
    with pytest.raises(ValueError, match=reason):
        param.resolve(value)

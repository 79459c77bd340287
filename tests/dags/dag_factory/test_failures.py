"""A failed task records its error, in Airflow's process of the task."""

from types import SimpleNamespace
from typing import Any

import pytest
import structlog


def recorded_by(error: BaseException | None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """End a task with this error as Airflow does, and return the XComs that it pushes."""
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.execution_time import task_runner

    from dag_factory.builder import _default_args

    recorded: dict[str, str] = {}
    with DAG("fails", schedule=None, default_args=_default_args("x")):
        task = BaseOperator(task_id="fails")
    ti: Any = SimpleNamespace(
        task=task,
        start_date=None,
        end_date=None,
        xcom_push=lambda key, value: recorded.update({key: value}),
    )
    context: Any = {"ti": ti, "outlet_events": None}
    if error is not None:
        context["exception"] = error
    monkeypatch.setattr(task_runner, "context_get_outlet_events", lambda _: None)
    log: Any = structlog.get_logger()
    task_runner._run_task_state_change_callbacks(task, "on_failure_callback", context, log)
    return recorded


def test_a_failed_task_records_class_and_message_of_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert recorded_by(ValueError("no good"), monkeypatch) == {"failure": "ValueError: no good"}


def test_a_long_message_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = recorded_by(ValueError("x" * 5000), monkeypatch)["failure"]
    assert len(recorded) == 600
    assert recorded.endswith("x...")


def test_a_killed_task_records_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the DAG processor calls back, without the error."""
    assert recorded_by(None, monkeypatch) == {}


def test_a_secret_is_masked_as_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk._shared.secrets_masker import _secrets_masker

    monkeypatch.setattr(_secrets_masker(), "patterns", set(), raising=False)
    _secrets_masker().add_mask("very-secret-token")
    recorded = recorded_by(ValueError("refused: very-secret-token"), monkeypatch)
    assert recorded["failure"] == "ValueError: refused: ***"


def test_a_url_is_recorded_without_possible_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = recorded_by(ValueError("https://u:t0ken@a/b?sig=t0ken is away"), monkeypatch)
    assert recorded["failure"] == "ValueError: https://a/b is away"


def test_every_task_of_every_dag_records_its_failure(dag_bag: Any) -> None:
    from dag_factory.failures import record_failure

    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            assert task.on_failure_callback in (record_failure, [record_failure]), task.task_id

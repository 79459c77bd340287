"""A task that fails for good leaves why, in Airflow's own process for tasks."""

from types import SimpleNamespace
from typing import Any

import pytest
import structlog


def left_by(error: BaseException | None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Let a task end with this error as Airflow does, and return the XComs that it leaves."""
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.execution_time import task_runner

    from dag_factory.builder import _default_args

    left: dict[str, str] = {}
    with DAG("fails", schedule=None, default_args=_default_args("x")):
        task = BaseOperator(task_id="fails")
    ti: Any = SimpleNamespace(
        task=task,
        start_date=None,
        end_date=None,
        xcom_push=lambda key, value: left.update({key: value}),
    )
    context: Any = {"ti": ti, "outlet_events": None}
    if error is not None:
        context["exception"] = error
    monkeypatch.setattr(task_runner, "context_get_outlet_events", lambda _: None)
    log: Any = structlog.get_logger()
    task_runner._run_task_state_change_callbacks(task, "on_failure_callback", context, log)
    return left


def test_a_task_leaves_the_class_and_message_of_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert left_by(ValueError("no good"), monkeypatch) == {"failure": "ValueError: no good"}


def test_a_long_message_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    left = left_by(ValueError("x" * 5000), monkeypatch)["failure"]
    assert len(left) == 600
    assert left.endswith("x...")


def test_a_task_that_was_killed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the DAG processor calls, without the error and where no XCom can be pushed."""
    assert left_by(None, monkeypatch) == {}


def test_a_secret_is_masked_as_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk._shared.secrets_masker import _secrets_masker

    monkeypatch.setattr(_secrets_masker(), "patterns", set(), raising=False)
    _secrets_masker().add_mask("very-secret-token")
    left = left_by(ValueError("refused: very-secret-token"), monkeypatch)
    assert left["failure"] == "ValueError: refused: ***"


def test_an_address_is_left_without_what_may_be_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    left = left_by(ValueError("https://u:t0ken@a/b?sig=t0ken is away"), monkeypatch)
    assert left["failure"] == "ValueError: https://a/b is away"


def test_every_task_of_every_dag_leaves_it(dag_bag: Any) -> None:
    from dag_factory.failures import record_failure

    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            assert task.on_failure_callback in (record_failure, [record_failure]), task.task_id

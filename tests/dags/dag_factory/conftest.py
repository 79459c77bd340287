"""Runs that end, as Airflow's DAG processor calls back."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog

TRAINING = "stanford_cars__nightly_training"
RUN_ID = "scheduled_1"
EndRun = Callable[..., list[Any]]


class _Unreachable:
    def send(self, request: object) -> None:
        raise ConnectionError("Airflow's API does not answer")


@pytest.fixture(autouse=True)
def airflow_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let callbacks be called as in the DAG processor, which has a connection to Airflow's API."""
    from airflow.sdk.execution_time import task_runner

    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", _Unreachable(), raising=False)


@pytest.fixture
def end_run(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> EndRun:
    """Return the function that ends a run as the DAG processor does, and returns what was sent.

    It takes whether the run failed, the states of its tasks, and their XComs by task and key.
    """
    from airflow.callbacks.callback_requests import DagCallbackRequest
    from airflow.dag_processing.processor import _execute_dag_callbacks
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
    from airflow.sdk.execution_time.xcom import XCom

    monkeypatch.setenv("AIRFLOW_VAR_DEPLOYMENT", "aws")

    def end(
        failed: bool, states: dict[str, str], xcoms: dict[Any, Any], dag_id: str = TRAINING
    ) -> Any:
        from dag_factory import notifications

        sent: list[Any] = []
        monkeypatch.setattr(notifications, "send", sent.append)
        monkeypatch.setattr(
            XCom,
            "get_all",
            lambda *, task_id, key, **_: [xcoms[task_id, key]] if (task_id, key) in xcoms else None,
        )
        monkeypatch.setattr(
            RuntimeTaskInstance, "get_task_states", lambda **_: {RUN_ID: states}, raising=True
        )
        request = DagCallbackRequest(
            filepath="f",
            bundle_name="dags-folder",
            bundle_version=None,
            dag_id=dag_id,
            run_id=RUN_ID,
            is_failure_callback=failed,
            msg="task_failure",
        )
        _execute_dag_callbacks(dag_bag, request, structlog.get_logger())
        return sent

    return end


@pytest.fixture
def wanted_events(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return the function that sets the events of which the pipeline wants notifications."""

    def want(*events: str) -> None:
        from dag_factory import notifications

        monkeypatch.setattr(notifications, "_wanted", lambda dag_id: events)

    return want

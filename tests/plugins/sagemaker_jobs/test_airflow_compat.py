"""The wrappers around private APIs of Airflow. A new version of Airflow may break each of them."""

from typing import Any

import pytest
from airflow.sdk.execution_time import task_runner, xcom

from sagemaker_jobs.airflow_compat import get_task_states, mask_secrets, read_xcom


def test_states_are_text_and_a_task_without_a_state_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Comms:
        @staticmethod
        def send(request: Any) -> Any:
            assert (request.dag_id, request.run_ids) == ("cars", ["r"])
            states = {"plan": "success", "train": None}
            return type("Result", (), {"task_states": {"r": states}})

    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Comms, raising=False)
    assert get_task_states("cars", "r") == {"plan": "success", "train": None}


def test_an_unknown_run_has_no_states(monkeypatch: pytest.MonkeyPatch) -> None:
    method = staticmethod(lambda **_: {})
    monkeypatch.setattr(task_runner.RuntimeTaskInstance, "get_task_states", method)
    assert get_task_states("cars", "deleted") == {}


NAME = {"dag_id": "cars", "run_id": "r", "task_id": "plan", "key": "reason"}


@pytest.mark.parametrize(("values", "expected"), [(["value"], "value"), (None, None)])
def test_an_xcom_is_read_from_the_configured_backend(
    monkeypatch: pytest.MonkeyPatch, values: list[str] | None, expected: str | None
) -> None:
    asked: list[dict[str, Any]] = []

    def get_all(**name: Any) -> list[str] | None:
        asked.append(name)
        return values

    monkeypatch.setattr(xcom.XCom, "get_all", get_all)
    assert read_xcom("cars", "r", "plan", "reason") == expected
    assert asked == [NAME]


def test_an_xcom_of_a_mapped_task_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xcom.XCom, "get_one", lambda **name: name)
    found = read_xcom("cars", "r", "plan", "reason", map_index=2)
    assert found == {**NAME, "map_index": 2}


def test_secrets_are_mkeys() -> None:
    from airflow.sdk.log import mask_secret

    mask_secret("a-secret-of-this-test")
    assert mask_secrets("refused: a-secret-of-this-test") == "refused: ***"

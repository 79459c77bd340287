"""What a person answered is left as the reason, also where what follows is skipped."""

from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import DownstreamTasksSkipped


def answer(option: str, *, late: bool = False) -> dict[str, str]:
    """Take an answer up as Airflow does, and return what the task left by then."""
    from airflow.providers.standard.operators.empty import EmptyOperator

    from image_families.approval import AskPerson

    left: dict[str, str] = {}
    with DAG("asks", schedule=None):
        asks = AskPerson(task_id="ask_person", subject="Shall it serve?", body="")
        asks >> EmptyOperator(task_id="approve")
    ti = SimpleNamespace(map_index=-1, xcom_push=lambda key, value: left.update({key: value}))
    context: Any = {"ti": ti, "task": asks}
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime.now(UTC),
        "responded_by_user": None if late else {"id": "1", "name": "ana"},
        "timedout": late,
    }
    with pytest.raises(DownstreamTasksSkipped) if option == "Reject" else nullcontext():
        asks.execute_complete(context, event)
    return left


def test_the_answer_is_the_reason_for_what_follows(dag_bag: Any) -> None:
    assert answer("Approve")["reason"] == "Shall it serve? ana answered Approve."
    assert "ana answered Reject" in answer("Reject")["reason"]
    assert "Nobody answered in time" in answer("Reject", late=True)["reason"]

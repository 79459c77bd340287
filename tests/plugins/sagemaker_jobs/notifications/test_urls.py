"""URLs of runs in Airflow's UI."""

import pytest

from sagemaker_jobs.notifications.urls import question_url, run_url


def test_run_ids_are_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow/")
    assert run_url("d", "manual__2026-01-01T00:00:00+00:00", "plan") == (
        "https://airflow/dags/d/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00/tasks/plan"
    )


def test_a_question_is_at_the_required_actions_of_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is that of HITLOperator.generate_link_to_ui."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://host/airflow/")
    assert question_url("cars__training", "manual__1+00:00", "ask_person") == (
        "https://host/airflow/dags/cars__training/runs/manual__1%2B00%3A00/tasks/ask_person"
        "/required_actions"
    )

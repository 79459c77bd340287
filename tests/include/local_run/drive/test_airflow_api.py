"""Airflow's API on a busy machine: tokens expire, answers fail, and runs must not start twice."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.errors import RunError
from include.local_run.stack.login import Login

LOGIN = Login("admin", "some password")


@pytest.fixture(autouse=True)
def _no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.local_run.drive.airflow_api.time.sleep", lambda seconds: None)


def test_an_expired_token_is_renewed(api: AirflowApi, airflow: Any) -> None:
    api.unpause("cars__x")
    airflow.tokens += 1  # the server no longer knows the old one
    api.unpause("cars__y")
    assert airflow.unpaused == {"cars__x", "cars__y"}


def test_reading_is_repeated_when_the_server_stumbles(airflow: Any) -> None:
    stumbles = iter([503, 500])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/dags/cars") and (status := next(stumbles, None)):
            return httpx.Response(status)
        answered: httpx.Response = airflow.answer(request)
        return answered

    assert AirflowApi("http://airflow", LOGIN, httpx.MockTransport(answer)).has_dag("cars")


def test_a_wrong_password_is_told_and_not_tried_again(airflow: Any) -> None:
    wrong = Login(LOGIN.user, "another password")
    api = AirflowApi("http://airflow", wrong, httpx.MockTransport(airflow.answer))
    with pytest.raises(RunError, match=r"401 .*Invalid credentials"):
        api.trigger("cars__x")
    assert airflow.triggered == []


def test_a_run_is_started_though_the_login_stumbles(airflow: Any) -> None:
    """Nothing was sent yet but the password, so that the run cannot start twice."""
    stumbles = iter(["late", "busy"])

    def answer(request: httpx.Request) -> httpx.Response:
        stumble = next(stumbles, "") if request.url.path == "/auth/token" else ""
        if stumble == "late":
            raise httpx.ReadTimeout(stumble)
        if stumble == "busy":
            return httpx.Response(503)
        answered: httpx.Response = airflow.answer(request)
        return answered

    AirflowApi("http://airflow", LOGIN, httpx.MockTransport(answer)).trigger("cars__x")
    assert airflow.triggered == ["cars__x"]


def test_a_run_is_never_started_twice(airflow: Any) -> None:
    """Protects against a second training because an answer was late."""
    posts = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path != "/auth/token":
            posts.append(request)
            raise httpx.ReadTimeout("late")
        answered: httpx.Response = airflow.answer(request)
        return answered

    api = AirflowApi("http://airflow", LOGIN, httpx.MockTransport(answer))
    with pytest.raises(RunError, match="does not answer"):
        api.trigger("cars__x")
    assert len(posts) == 1


def test_a_refusal_is_told(airflow: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "/dags" in request.url.path:
            return httpx.Response(409, text="a run with this id exists")
        answered: httpx.Response = airflow.answer(request)
        return answered

    with pytest.raises(RunError, match="409 a run with this id exists"):
        AirflowApi("http://airflow", LOGIN, httpx.MockTransport(answer)).trigger("cars__x")

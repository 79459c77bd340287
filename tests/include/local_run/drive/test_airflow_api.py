"""Calls of Airflow's REST API are repeated while that is safe, and errors are one line."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.errors import RunError
from include.local_run.stack.login import Login
from tests.include.local_run.drive.conftest import LOGIN, URL, Answer


@pytest.fixture(autouse=True)
def _no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.local_run.drive.airflow_api.time.sleep", lambda seconds: None)


def _api(answer: Answer) -> AirflowApi:
    return AirflowApi(URL, LOGIN, httpx.MockTransport(answer))


def _timeout() -> httpx.ReadTimeout:
    return httpx.ReadTimeout("timed out")


def test_an_expired_token_is_renewed(api: AirflowApi, airflow: Any) -> None:
    api.unpause("cars__x")
    airflow.tokens += 1  # the server rejects the old token
    api.unpause("cars__y")
    assert airflow.unpaused == {"cars__x", "cars__y"}


def test_a_read_is_repeated_after_server_errors(airflow: Any) -> None:
    errors = iter([503, 500])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/dags/cars") and (status := next(errors, None)):
            return httpx.Response(status)
        response: httpx.Response = airflow.answer(request)
        return response

    assert _api(answer).has_dag("cars")


def test_a_read_is_repeated_while_the_server_restarts(airflow: Any) -> None:
    errors = iter([httpx.ConnectError("Connection refused"), _timeout()])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/dags/cars") and (error := next(errors, None)):
            raise error
        response: httpx.Response = airflow.answer(request)
        return response

    assert _api(answer).has_dag("cars")


def test_an_unknown_dag_does_not_exist(airflow: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "/dags/" in request.url.path:
            return httpx.Response(404, json={"detail": "The Dag with ID: `cars` was not found"})
        response: httpx.Response = airflow.answer(request)
        return response

    assert not _api(answer).has_dag("cars")


def test_a_wrong_password_is_reported_and_not_repeated(airflow: Any) -> None:
    wrong = Login(LOGIN.user, "another password")
    api = AirflowApi(URL, wrong, httpx.MockTransport(airflow.answer))
    with pytest.raises(RunError, match=r"login of admin: 401 .*Invalid credentials"):
        api.trigger("cars__x")
    assert airflow.triggered == []


def test_a_run_is_triggered_although_the_login_fails_at_first(airflow: Any) -> None:
    """A login can be repeated safely: the request that triggers the run was not sent yet."""
    failures = iter(["timeout", "503"])

    def answer(request: httpx.Request) -> httpx.Response:
        failure = next(failures, "") if request.url.path == "/auth/token" else ""
        if failure == "timeout":
            raise _timeout()
        if failure == "503":
            return httpx.Response(503)
        response: httpx.Response = airflow.answer(request)
        return response

    run = _api(answer).trigger("cars__x", {"force": True})
    assert (run.dag_id, run.state) == ("cars__x", "running")
    assert airflow.triggered == ["cars__x"]
    assert airflow.conf == {"force": True}


@pytest.mark.parametrize("failure", ["an answer that is late", "a locked database"])
def test_a_run_is_never_triggered_twice(airflow: Any, failure: str) -> None:
    """Protects against a second training: the repeated call has the id of the first."""
    ids: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path != "/auth/token":
            ids.append(json.loads(request.content)["dag_run_id"])
            if len(ids) == 1 and failure == "a locked database":
                return httpx.Response(500, json={"detail": {"reason": "Database error"}})
            if len(ids) == 1:
                airflow.add_run("cars__x", ids[0])
                raise _timeout()
            if failure != "a locked database":
                return httpx.Response(409, json={"detail": {"reason": "Unique constraint"}})
        response: httpx.Response = airflow.answer(request)
        return response

    run = _api(answer).trigger("cars__x")
    assert len(ids) == 2
    assert ids[0] == ids[1]
    assert run.dag_id == "cars__x"
    assert len(airflow.runs["cars__x"]) == 1


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(400, json={"detail": "the DAG has import errors"}),
        httpx.Response(400, text="the DAG has import errors"),
    ],
)
def test_a_rejected_call_is_reported(airflow: Any, response: httpx.Response) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "/dags" in request.url.path:
            return response
        answered: httpx.Response = airflow.answer(request)
        return answered

    with pytest.raises(RunError, match=r"POST dags/cars__x/dagRuns: 400 .*the DAG has import"):
        _api(answer).trigger("cars__x")


def test_log_lines_keep_their_level_and_exception(api: AirflowApi, airflow: Any) -> None:
    airflow.logs = [{"event": "failed", "level": "error", "error_detail": [{"exc_value": "x"}]}]
    run = api.trigger("cars__x")
    assert api.get_log(run, "plan", 1) == airflow.logs

"""Airflow's REST API with login, retries and errors in one line."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from include.local_run.drive.dag_run import DagRun, TaskInstance
from include.local_run.errors import RunError
from include.local_run.stack.login import Login

RETRY_TIMEOUT = 60.0
RETRY_INTERVAL = 0.5
REQUEST_TIMEOUT = 30.0


class LoginUnavailableError(Exception):
    """The API server did not process a login, so that no other request was sent."""


class DoesNotExistError(RunError):
    """Airflow does not know the DAG, run, task, XCom or log."""


class AlreadyExistsError(RunError):
    """A DAG run with this id exists."""


class AirflowApi:
    """Calls Airflow's REST API (`/api/v2`) as one user.

    While the API server restarts or is overloaded, a call is repeated for up to a minute.

    httpx rather than `apache-airflow-client`, which takes two seconds of processor time to import
    while Airflow starts, and drops the level and the exception of a log line.

    Args:
        url: Address of the API server.
        login: The user's name and password.
        transport: Sends the requests; by default to the network, without a proxy.

    Raises:
        RunError: From each method: the API server does not answer, or rejects the call.
    """

    def __init__(
        self, url: str, login: Login, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._url, self._login = url, login
        self._token: str | None = None
        self._client = httpx.Client(
            base_url=url,
            transport=transport,
            timeout=REQUEST_TIMEOUT,
            trust_env=False,  # ignores proxy variables: the API server is on this computer
        )

    def has_dag(self, dag_id: str) -> bool:
        """Return whether the DAG processor has loaded the DAG."""
        try:
            self._call("GET", f"dags/{quote(dag_id)}")
        except DoesNotExistError:
            return False
        return True

    def import_errors(self) -> list[str]:
        """Return a line for each DAG file that fails to import: its name and the last error."""
        return [
            f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}"
            for error in self._call("GET", "importErrors")["import_errors"]
        ]

    def unpause(self, dag_id: str) -> None:
        """Unpause a DAG."""
        self._call(
            "PATCH",
            f"dags/{quote(dag_id)}",
            params={"update_mask": "is_paused"},
            body={"is_paused": False},
        )

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> DagRun:
        """Trigger a DAG run with the given configuration (the values of the trigger form).

        The run's id is chosen here, so that a repeated call triggers no second run.
        """
        run_id = f"manual__{datetime.now(UTC).isoformat()}_{os.urandom(4).hex()}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf or {})}
        try:
            return _dag_run(self._call("POST", f"dags/{quote(dag_id)}/dagRuns", body=body))
        except AlreadyExistsError:  # Airflow received an earlier call without an answer
            return self.get_run(DagRun(dag_id, run_id, "queued"))

    def list_runs(self, dag_id: str) -> list[DagRun]:
        """Return the DAG's 50 latest runs, newest first."""
        latest = {"order_by": "-run_after", "limit": "50"}
        response = self._call("GET", f"dags/{quote(dag_id)}/dagRuns", params=latest)
        return [_dag_run(run) for run in response["dag_runs"]]

    def get_run(self, run: DagRun) -> DagRun:
        """Return the run in its present state."""
        return _dag_run(self._call("GET", _path(run)))

    def list_upstream_runs(self, run: DagRun) -> list[str]:
        """Return the ids of the runs whose updates of assets triggered this run."""
        response = self._call("GET", f"{_path(run)}/upstreamAssetEvents")
        return [event["source_run_id"] for event in response["asset_events"]]

    def list_task_instances(self, run: DagRun) -> list[TaskInstance]:
        """Return the run's task instances."""
        response = self._call("GET", f"{_path(run)}/taskInstances")
        return [_task_instance(task) for task in response["task_instances"]]

    def get_xcom(self, run: DagRun, task_id: str, key: str = "return_value") -> Any:
        """Return a task's XCom, or None if there is none."""
        path = f"{_path(run)}/taskInstances/{quote(task_id)}/xcomEntries/{quote(key)}"
        try:
            return self._call("GET", path, params={"deserialize": "true"})["value"]
        except DoesNotExistError:
            return None

    def get_log(self, run: DagRun, task_id: str, try_number: int) -> list[dict[str, Any]]:
        """Return the lines of the log of a task's try; each has `event`, most have `level`."""
        path = f"{_path(run)}/taskInstances/{quote(task_id)}/logs/{try_number}"
        try:
            content = self._call("GET", path, params={"full_content": "true"})["content"]
        except DoesNotExistError:
            return []
        return [line if isinstance(line, dict) else {"event": line} for line in content]

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a request and return its JSON response; `path` is relative to `/api/v2`."""
        deadline = time.monotonic() + RETRY_TIMEOUT
        while True:
            try:
                token = self._log_in()
                response = self._client.request(
                    method,
                    f"/api/v2/{path}",
                    params=params,
                    json=body,
                    headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                )
                response.raise_for_status()
                return response.json()
            except (httpx.HTTPError, LoginUnavailableError) as error:
                if time.monotonic() > deadline or not self._may_repeat(error):
                    raise self._run_error(f"{method} {path}", error) from error
            time.sleep(RETRY_INTERVAL)

    def _may_repeat(self, error: Exception) -> bool:
        """Return whether a call that failed may be sent again."""
        if isinstance(error, httpx.HTTPStatusError):
            if error.response.status_code == httpx.codes.UNAUTHORIZED:
                self._token = None  # it expired, or the server has new keys
                return True
            return error.response.is_server_error
        return True

    def _run_error(self, call: str, error: Exception) -> RunError:
        if not isinstance(error, httpx.HTTPStatusError):
            return RunError(f"Airflow does not answer at {self._url}: {error}")
        response = error.response
        text = f"Airflow rejected {call}: {response.status_code} {response.text[:300]}".rstrip()
        kinds: dict[int, type[RunError]] = {
            httpx.codes.NOT_FOUND: DoesNotExistError,
            httpx.codes.CONFLICT: AlreadyExistsError,
        }
        return kinds.get(response.status_code, RunError)(text)

    def _log_in(self) -> str:
        """Return the access token; request one if there is none.

        Raises:
            LoginUnavailableError: The API server did not process the request.
            RunError: The API server rejected the password.
        """
        if self._token is None:
            credentials = {"username": self._login.user, "password": self._login.password}
            try:
                response = self._client.post("/auth/token", json=credentials)
            except httpx.TransportError as error:
                raise LoginUnavailableError(f"/auth/token: {error}") from error
            if response.is_server_error:
                raise LoginUnavailableError(f"/auth/token: status {response.status_code}")
            if response.is_error:
                raise RunError(
                    f"Airflow rejected the login of {self._login.user}: "
                    f"{response.status_code} {response.text[:300]}"
                )
            self._token = response.json()["access_token"]
        return self._token


def _path(run: DagRun) -> str:
    return f"dags/{quote(run.dag_id)}/dagRuns/{quote(run.run_id, safe='')}"


def _dag_run(response: Mapping[str, Any]) -> DagRun:
    return DagRun(response["dag_id"], response["dag_run_id"], response["state"])


def _task_instance(response: Mapping[str, Any]) -> TaskInstance:
    return TaskInstance(
        task_id=response["task_id"],
        state=response["state"],
        try_number=response["try_number"],
        start=_time(response["start_date"]),
        end=_time(response["end_date"]),
    )


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)

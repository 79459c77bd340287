"""The part of Airflow's REST API that driving needs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from include.local_run.errors import RunError
from include.local_run.stack.login import Login

ENDED = frozenset({"success", "failed"})
_PATIENCE = 60.0


@dataclass(frozen=True)
class Run:
    """One run of one DAG."""

    dag_id: str
    run_id: str
    state: str

    @property
    def ended(self) -> bool:
        """Whether nothing more happens in it."""
        return self.state in ENDED

    @property
    def path(self) -> str:
        """Its address below the API's root."""
        return f"/dags/{self.dag_id}/dagRuns/{quote(self.run_id, safe='')}"


class AirflowApi:
    """Talks to one api-server as its user.

    Answers that a busy machine delays or drops are asked for again for a minute.

    Args:
        url: The UI's address.
        login: The user's name and password.
        transport: What carries the requests; None is the network.
    """

    def __init__(
        self, url: str, login: Login, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._root, self._login = url, login
        self._http = httpx.Client(timeout=30, trust_env=False, transport=transport)
        self._token = ""

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG has been read from its file."""
        return self._send("GET", f"/dags/{dag_id}", missing_is_fine=True) is not None

    def import_errors(self) -> list[str]:
        """What is wrong with DAG files: one line each."""
        errors = self._get("/importErrors")["import_errors"]
        return [f"{e['filename']}: {e['stack_trace'].strip().splitlines()[-1]}" for e in errors]

    def unpause(self, dag_id: str) -> None:
        """Switches a DAG on."""
        self._send("PATCH", f"/dags/{dag_id}", {"is_paused": False}, update_mask="is_paused")

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> Run:
        """Starts a run; `conf` is what a person would fill into its form."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        answer = self._send("POST", f"/dags/{dag_id}/dagRuns", body)
        return _run(answer)

    def runs(self, dag_id: str) -> list[Run]:
        """The DAG's latest runs, newest first."""
        answer = self._get(f"/dags/{dag_id}/dagRuns", order_by="-run_after", limit="50")
        return [_run(run) for run in answer["dag_runs"]]

    def refreshed(self, run: Run) -> Run:
        """The run as it is now."""
        return _run(self._get(run.path))

    def tasks(self, run: Run) -> list[dict[str, Any]]:
        """The run's task instances as Airflow describes them."""
        found: list[dict[str, Any]] = self._get(f"{run.path}/taskInstances")["task_instances"]
        return found

    def xcom(self, run: Run, task_id: str, key: str = "return_value") -> Any:
        """A task's XCom, or None where there is none."""
        path = f"{run.path}/taskInstances/{task_id}/xcomEntries/{key}"
        answer = self._send("GET", path, missing_is_fine=True, deserialize="true")
        return None if answer is None else answer["value"]

    def log(self, run: Run, task_id: str, attempt: int) -> list[dict[str, Any]]:
        """The lines of one attempt's log, as mappings with `event` and more."""
        path = f"{run.path}/taskInstances/{task_id}/logs/{attempt}"
        answer = self._send("GET", path, missing_is_fine=True, full_content="true") or {}
        return [line if isinstance(line, dict) else {"event": line} for line in answer["content"]]

    def _get(self, path: str, **query: str) -> Any:
        return self._send("GET", path, None, False, **query)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        missing_is_fine: bool = False,
        **query: str,
    ) -> Any:
        answer = self._patiently(method, f"{self._root}/api/v2{path}", body, query)
        if answer.status_code == 404 and missing_is_fine:
            return None
        if answer.is_error:
            raise RunError(
                f"Airflow refused {method} {path}: {answer.status_code} {answer.text[:300]}"
            )
        return answer.json()

    def _patiently(
        self, method: str, url: str, body: Mapping[str, Any] | None, query: Mapping[str, str]
    ) -> httpx.Response:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._once(method, url, body, query)
            except httpx.TransportError as error:
                # A request that may have been received is not sent twice if it starts something.
                sent = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
                if (sent and method == "POST") or time.monotonic() > deadline:
                    raise RunError(f"Airflow does not answer at {self._root}: {error}") from error
            else:
                if answer.status_code == 401 and self._token:
                    self._token = ""
                elif answer.status_code < 500 or method == "POST" or time.monotonic() > deadline:
                    return answer
            time.sleep(0.5)

    def _once(
        self, method: str, url: str, body: Mapping[str, Any] | None, query: Mapping[str, str]
    ) -> httpx.Response:
        if not self._token:
            refused = self._log_in()
            if refused is not None:
                return refused
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        return self._http.request(method, url, json=body, params=dict(query), headers=headers)

    def _log_in(self) -> httpx.Response | None:
        """Takes a token; returns the answer where the server refuses to give one.

        Raises:
            httpx.ConnectError: The server does not answer as it should: nothing else was sent.
        """
        who = {"username": self._login.user, "password": self._login.password}
        try:
            answer = self._http.post(f"{self._root}/auth/token", json=who)
        except httpx.TransportError as error:
            raise httpx.ConnectError(f"at /auth/token: {error}") from error
        if answer.status_code >= 500:
            raise httpx.ConnectError(f"at /auth/token: status {answer.status_code}")
        if answer.is_error:
            return answer
        self._token = answer.json()["access_token"]
        return None


def _run(answer: Mapping[str, Any]) -> Run:
    return Run(answer["dag_id"], answer["dag_run_id"], answer["state"])

"""Airflow's REST API: `apache-airflow-client` with login, retries and errors in one line.

Importing the client takes almost two seconds, so `make run` imports this module only while
Airflow starts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from airflow_client.client import (
    ApiClient,
    ApiException,
    Configuration,
    DAGApi,
    DAGPatchBody,
    DagRunApi,
    DAGRunResponse,
    ImportErrorApi,
    TaskInstanceApi,
    TaskInstanceResponse,
    TriggerDAGRunPostBody,
    XComApi,
)
from airflow_client.client.exceptions import (
    NotFoundException,
    ServiceException,
    UnauthorizedException,
)
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from include.local_run.drive.dag_run import DagRun, TaskInstance
from include.local_run.errors import RunError
from include.local_run.stack.login import Login

RETRY_TIMEOUT = 60.0
RETRY_INTERVAL = 0.5
REQUEST_TIMEOUT = 30.0

Parameters = ParamSpec("Parameters")
Response = TypeVar("Response")


class LoginUnavailableError(Exception):
    """The API server did not process a login, so that no other request was sent."""


class AirflowApi:
    """Calls Airflow's REST API as one user.

    While the API server restarts or is overloaded, a call is repeated for up to a minute. A call
    that triggers a DAG run is not repeated if the server may have received it.

    Args:
        url: Address of the API server.
        login: The user's name and password.
        client: The HTTP client; by default one for `url`.

    Raises:
        RunError: From each method: the API server does not answer, or rejects the call.
    """

    def __init__(self, url: str, login: Login, client: ApiClient | None = None) -> None:
        self._url, self._login = url, login
        self._client = client or create_client(url)
        self._dags, self._runs = DAGApi(self._client), DagRunApi(self._client)
        self._tasks, self._xcoms = TaskInstanceApi(self._client), XComApi(self._client)
        self._import_errors = ImportErrorApi(self._client)

    def has_dag(self, dag_id: str) -> bool:
        """Return whether the DAG processor has loaded the DAG."""
        try:
            self._repeat(self._dags.get_dag, dag_id)
        except DoesNotExistError:
            return False
        return True

    def import_errors(self) -> list[str]:
        """Return a line for each DAG file that fails to import: its name and the last error."""
        found = self._repeat(self._import_errors.get_import_errors).import_errors
        return [
            f"{error.filename}: {error.stack_trace.strip().splitlines()[-1]}" for error in found
        ]

    def unpause(self, dag_id: str) -> None:
        """Unpause a DAG."""
        body = DAGPatchBody(is_paused=False)
        self._repeat(self._dags.patch_dag, dag_id, body, update_mask=["is_paused"])

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> DagRun:
        """Trigger a DAG run with the given configuration (the values of the trigger form)."""
        body = TriggerDAGRunPostBody(logical_date=None, conf=dict(conf or {}))
        return _dag_run(self._call_once(self._runs.trigger_dag_run, dag_id, body))

    def list_runs(self, dag_id: str) -> list[DagRun]:
        """Return the DAG's 50 latest runs, newest first."""
        response = self._repeat(self._runs.get_dag_runs, dag_id, order_by=["-run_after"], limit=50)
        return [_dag_run(run) for run in response.dag_runs]

    def get_run(self, run: DagRun) -> DagRun:
        """Return the run in its present state."""
        return _dag_run(self._repeat(self._runs.get_dag_run, run.dag_id, run.run_id))

    def list_task_instances(self, run: DagRun) -> list[TaskInstance]:
        """Return the run's task instances."""
        response = self._repeat(self._tasks.get_task_instances, run.dag_id, run.run_id)
        return [_task_instance(task) for task in response.task_instances]

    def get_xcom(self, run: DagRun, task_id: str, key: str = "return_value") -> Any:
        """Return a task's XCom, or None if there is none."""
        try:
            entry = self._repeat(
                self._xcoms.get_xcom_entry, run.dag_id, task_id, run.run_id, key, deserialize=True
            )
        except DoesNotExistError:
            return None
        return None if entry.actual_instance is None else entry.actual_instance.value

    def get_log(self, run: DagRun, task_id: str, try_number: int) -> list[dict[str, Any]]:
        """Return the lines of the log of a task's try; each has `event`, most have `level`."""
        try:
            content = self._repeat(self._read_log, run, task_id, try_number)
        except DoesNotExistError:
            return []
        return [line if isinstance(line, dict) else {"event": line} for line in content]

    def _read_log(
        self,
        run: DagRun,
        task_id: str,
        try_number: int,
        *,
        _request_timeout: float = REQUEST_TIMEOUT,
    ) -> list[Any]:
        """Request a log. The client's model of a log line would drop `level` and the exception."""
        response = self._tasks.get_log_without_preload_content(
            run.dag_id, run.run_id, task_id, try_number, full_content=True,
            accept="application/json", _request_timeout=_request_timeout,
        )  # fmt: skip
        text = response.data.decode()
        if response.status >= 400:
            raise ApiException.from_response(http_resp=response, body=text, data=None)
        content: list[Any] = json.loads(text)["content"]
        return content

    def _repeat(
        self,
        operation: Callable[Parameters, Response],
        *args: Parameters.args,
        **options: Parameters.kwargs,
    ) -> Response:
        return self._call(operation, True, *args, **options)

    def _call_once(
        self,
        operation: Callable[Parameters, Response],
        *args: Parameters.args,
        **options: Parameters.kwargs,
    ) -> Response:
        return self._call(operation, False, *args, **options)

    def _call(
        self,
        operation: Callable[..., Response],
        repeatable: bool,
        *args: object,
        **options: object,
    ) -> Response:
        deadline = time.monotonic() + RETRY_TIMEOUT
        while True:
            try:
                self._log_in()
                return operation(*args, _request_timeout=REQUEST_TIMEOUT, **options)
            except (ApiException, HTTPError, LoginUnavailableError) as error:
                if time.monotonic() > deadline or not self._may_repeat(error, repeatable):
                    raise self._run_error(operation.__name__, args, error) from error
            time.sleep(RETRY_INTERVAL)

    def _may_repeat(self, error: Exception, repeatable: bool) -> bool:
        """Return whether a call that failed may be sent again."""
        if isinstance(error, UnauthorizedException):
            self._client.configuration.access_token = None  # it expired, or the server has new keys
            return True
        if isinstance(error, ServiceException):
            return repeatable
        if isinstance(error, ApiException):
            return False
        not_sent = (NewConnectionError, ConnectTimeoutError, LoginUnavailableError)
        return repeatable or isinstance(error, not_sent)

    def _run_error(self, operation: str, args: tuple[object, ...], error: Exception) -> RunError:
        if not isinstance(error, ApiException):
            return RunError(f"Airflow does not answer at {self._url}: {error}")
        call = " ".join([operation, *(str(arg) for arg in args if isinstance(arg, str))])
        text = f"Airflow rejected {call}: {error.status} {(error.body or error.reason or '')[:300]}"
        return DoesNotExistError(text) if isinstance(error, NotFoundException) else RunError(text)

    def _log_in(self) -> None:
        """Request an access token, unless there is one.

        Raises:
            LoginUnavailableError: The API server did not process the request.
            RunError: The API server rejected the password.
        """
        if self._client.configuration.access_token:
            return
        credentials = {"username": self._login.user, "password": self._login.password}
        try:
            response = self._client.rest_client.request(  # type: ignore[no-untyped-call]
                "POST", f"{self._url}/auth/token", {"Content-Type": "application/json"},
                credentials, _request_timeout=REQUEST_TIMEOUT,
            )  # fmt: skip
            text = response.read().decode()
        except HTTPError as error:
            raise LoginUnavailableError(f"/auth/token: {error}") from error
        if response.status >= 500:
            raise LoginUnavailableError(f"/auth/token: status {response.status}")
        if response.status >= 400:
            raise RunError(
                f"Airflow rejected the login of {self._login.user}: {response.status} {text[:300]}"
            )
        self._client.configuration.access_token = json.loads(text)["access_token"]


class DoesNotExistError(RunError):
    """Airflow does not know the DAG, run, task, XCom or log."""


def create_client(url: str) -> ApiClient:
    """Return a client that uses no proxy and leaves retries to `AirflowApi`."""
    configuration = Configuration(host=url, retries=False)
    configuration.proxy = None  # ignores proxy variables: the API server is on this computer
    return ApiClient(configuration)


def _dag_run(response: DAGRunResponse) -> DagRun:
    return DagRun(response.dag_id, response.dag_run_id, response.state.value)


def _task_instance(response: TaskInstanceResponse) -> TaskInstance:
    return TaskInstance(
        task_id=response.task_id,
        state=response.state.value if response.state else None,
        try_number=response.try_number,
        start=response.start_date,
        end=response.end_date,
    )

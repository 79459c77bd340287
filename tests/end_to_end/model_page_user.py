"""A user of the model page of a running stack, with their own login and without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from include.local_run.project_paths import ProjectPaths
from include.local_run.stack.airflow import ui_url
from include.local_run.stack.login import ui_login

Found = TypeVar("Found")
RUN_TIMEOUT = 420.0


class ModelPageUser:
    """Calls the page's addresses below one pipeline; answers are JSON.

    Args:
        paths: The folders of the stack.
        port: The port of Airflow's API server.
        pipeline: The pipeline.
    """

    def __init__(self, paths: ProjectPaths, port: int, pipeline: str) -> None:
        login, url = ui_login(paths), ui_url(port)
        credentials = {"username": login.user, "password": login.password}
        self._http = httpx.Client(
            base_url=f"{url}/image-models/{pipeline}/", timeout=90, trust_env=False,
            follow_redirects=True, headers={"Accept": "application/json"},
        )  # fmt: skip
        token = self._http.post(f"{url}/auth/token", json=credentials).json()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._pipeline = pipeline

    def get(self, path: str) -> Any:
        """Return a page's content."""
        return self._http.get(path).raise_for_status().json()

    def send(self, path: str, **fields: Any) -> Any:
        """Send a form, and return the content of the page to which it leads."""
        return self._http.post(path, data=fields).raise_for_status().json()

    def classify(self, photo: bytes) -> Any:
        """Have the endpoint classify a photo."""
        return self._http.post("try", content=photo).raise_for_status().json()

    def start(self, action: str, **fields: Any) -> None:
        """Start an action, and wait until its run has succeeded."""
        run = self.send(f"action/{action}", **fields)["run"]
        path = f"run/{run['dag_id'].partition('__')[2]}/{run['run_id']}"
        await_value(lambda: _ended(self.get(path)["run"]))

    def runs(self, family: str) -> list[str]:
        """Return the ids of the latest runs of a DAG."""
        return [run["run_id"] for run in self._listed(family)]

    def await_new_run(self, family: str, known: list[str]) -> None:
        """Wait until a run that an asset event has started has succeeded."""

        def new() -> Any:
            found = [run for run in self._listed(family) if run["run_id"] not in known]
            return _ended(found[0]) if found else None

        await_value(new)

    def _listed(self, family: str) -> list[Any]:
        runs: list[Any] = self.get("")["overview"]["runs"]
        return [run for run in runs if run["dag_id"] == f"{self._pipeline}__{family}"]


def await_value(read: Callable[[], Found | None]) -> Found:
    """Return the first value that is not None."""
    deadline = time.monotonic() + RUN_TIMEOUT
    while (found := read()) is None:
        assert time.monotonic() < deadline, "what is awaited did not happen"
        time.sleep(0.5)
    return found


def _ended(run: Any) -> Any:
    assert run["state"] != "failed", run
    return run if run["state"] == "success" else None

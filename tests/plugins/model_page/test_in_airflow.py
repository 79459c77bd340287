"""The model page in a real API server: mounted, behind the login, calling Airflow's real API."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx
import pytest

from include.local_aws.processes.ports import free_port
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack import airflow
from include.local_run.stack.component import ExecutedProcess, tail
from include.local_run.stack.login import ui_login
from tests.waiting import LONG

VARIABLES = {
    "deployment": "testing",
    "artifact_bucket": "some-bucket",
    "sagemaker_role_arn": "arn:aws:iam::123456789012:role/sagemaker",
    "image_uri": "image:1",
}


@dataclass
class Server:
    """A running API server, and a token of its user."""

    url: str
    token: str = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=90, trust_env=False)

    def get_as_user(self, path: str) -> httpx.Response:
        return self.get(path, Authorization=f"Bearer {self.token}", Accept="application/json")


@pytest.fixture(scope="module")
def server(airflow_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    paths, port, closed = ProjectPaths(state=tmp_path_factory.mktemp("page")), *_ports()
    aws = {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed}", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    environment = airflow.airflow_environment(paths, port, aws, VARIABLES)
    shutil.copy(airflow_database / "airflow.db", paths.airflow)
    (paths.airflow / "airflow.db").chmod(0o600)
    component = next(airflow.components(paths, environment, port))
    running = ExecutedProcess(component)
    try:
        server, deadline = Server(airflow.ui_url(port)), time.monotonic() + LONG
        while not (token := _token(server, paths)):
            assert not running.ended, tail(component.log, 30)
            assert time.monotonic() < deadline, tail(component.log, 30)
            running.wait(0.2)
        server.token = token
        yield server
    finally:
        running.signal_group(SIGKILL)
        running.wait(10)


def _ports() -> tuple[int, int]:
    return free_port(), free_port()


def _token(server: Server, paths: ProjectPaths) -> str:
    login = ui_login(paths)
    try:
        answer = httpx.post(
            f"{server.url}/auth/token",
            json={"username": login.user, "password": login.password},
            timeout=60,
            trust_env=False,
        )
    except httpx.TransportError:
        return ""
    return str(answer.json()["access_token"])


def test_the_page_needs_airflows_login(server: Server) -> None:
    for path in ("/image-models/", "/image-models/merch", "/image-models/-/health"):
        assert server.get(path).status_code == 401
        assert server.get(path, Authorization="Bearer x").status_code == 403
    answer = server.get("/image-models/", Host="evil.example")
    assert (answer.status_code, answer.text) == (400, "Invalid host header")


def test_airflow_lists_the_plugin_with_its_entries(server: Server) -> None:
    found: Any = server.get_as_user("/api/v2/plugins").json()
    (plugin,) = [one for one in found["plugins"] if one["name"] == "model_page"]
    assert [view["destination"] for view in plugin["external_views"]] == [
        "nav", "dag", "dag_run", "task",
    ]  # fmt: skip
    assert server.get_as_user("/api/v2/plugins/importErrors").json()["total_entries"] == 0


def test_pages_use_airflows_variables_connection_and_api(server: Server) -> None:
    """AWS is away, which the pages say; runs are listed by Airflow's API without an error."""
    overview: Any = server.get_as_user("/image-models/").json()
    assert {one["name"] for one in overview["pipelines"]} >= {"merch", "stanford_cars"}
    for one in overview["pipelines"]:
        assert "AWS does not answer" in one["served"]["problem"]
        assert one["runs"] == []
    health: Any = server.get_as_user("/image-models/-/health").json()
    assert ["artifact_bucket", "some-bucket"] in health["settings"]

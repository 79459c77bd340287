"""Access to the API server of `make run`: logins and host names, with a real server."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

import httpx
import pytest

from include.local_aws.processes.ports import free_port
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.errors import RunError
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack import airflow
from include.local_run.stack.component import ExecutedProcess, tail
from include.local_run.stack.login import Login, ui_login
from tests.waiting import LONG

ROUTES = (
    "/",
    "/auth/login",
    "/auth/token",
    "/api/v2/variables",
    "/api/v2/monitor/health",
    "/ui/config",
    "/execution/health",
    "/docs",
    "/there-is-no-such-page",
)
REBOUND = ("evil.example", "127.0.0.1.evil.example", "localhost.", "[::1]", "10.0.0.1", "")


@dataclass
class Server:
    """A running API server."""

    url: str
    paths: ProjectPaths

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Send a GET request without following redirects."""
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def server(airflow_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    paths, port = ProjectPaths(state=tmp_path_factory.mktemp("state")), free_port()
    environment = airflow.airflow_environment(paths, port, {}, {})
    shutil.copy(airflow_database / "airflow.db", paths.airflow)
    (paths.airflow / "airflow.db").chmod(0o600)
    component = next(airflow.components(paths, environment, port))
    running = ExecutedProcess(component)
    try:
        deadline = time.monotonic() + LONG
        while not _answers(airflow.ui_url(port)):
            assert not running.ended, tail(component.log, 30)
            assert time.monotonic() < deadline, tail(component.log, 30)
            running.wait(0.2)
        yield Server(airflow.ui_url(port), paths)
    finally:
        running.signal_group(SIGKILL)
        running.wait(10)


def _answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/api/v2/version", timeout=60, trust_env=False)
    except httpx.TransportError:
        return False
    return True


@pytest.mark.parametrize("path", ROUTES)
def test_all_routes_reject_other_host_names(server: Server, path: str) -> None:
    """Protects from a web page whose name resolves to this computer (DNS rebinding)."""
    for host in REBOUND:
        answer = server.get(path, Host=host)
        assert (answer.status_code, answer.text) == (400, "Invalid host header"), host
    port = server.url.rpartition(":")[2]
    for host in ("127.0.0.1", f"127.0.0.1:{port}", "localhost", f"LOCALHOST:{port}"):
        assert server.get(path, Host=host).status_code != 400, host


@pytest.mark.parametrize(
    "path",
    ["/api/v2/variables", "/api/v2/dags", "/api/v2/connections", "/api/v2/config", "/ui/config"],
)
def test_requests_without_a_token_are_rejected(server: Server, path: str) -> None:
    """Protects from other users of the computer."""
    assert server.get(path).status_code == 401
    assert server.get("/auth/token").status_code == 403
    assert server.get("/auth/token/login").status_code == 403


@pytest.mark.parametrize("login", [Login("admin", "admin"), Login("Anonymous", "x")])
def test_a_wrong_password_is_rejected(server: Server, login: Login) -> None:
    with pytest.raises(RunError, match="401"):
        AirflowApi(server.url, login).import_errors()


def test_the_stored_password_is_accepted(server: Server) -> None:
    login = ui_login(server.paths)
    assert AirflowApi(server.url, login).import_errors() == []
    page = httpx.post(
        f"{server.url}/auth/token",
        json={"username": login.user, "password": login.password},
        trust_env=False,
        timeout=60,
    )
    token = page.json()["access_token"]
    me = server.get("/ui/auth/me", Authorization=f"Bearer {token}").json()
    assert me["username"] == "admin"
    assert server.get("/api/v2/variables", Authorization=f"Bearer {token}").status_code == 200


def test_only_the_owner_can_read_airflows_files(server: Server) -> None:
    written = [path for path in server.paths.local.rglob("*") if "__pycache__" not in path.parts]
    assert server.paths.logs / "api-server.log" in written
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_the_log_does_not_contain_the_password(server: Server) -> None:
    log = (server.paths.logs / "api-server.log").read_text()
    assert ui_login(server.paths).password not in log

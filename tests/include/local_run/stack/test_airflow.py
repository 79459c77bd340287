"""Airflow's environment: no settings of the caller, and servers on the loopback interface only."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include.local_run.errors import RunError
from include.local_run.project_paths import PROJECT, ProjectPaths
from include.local_run.stack import airflow
from include.local_run.stack.aws import ReadyLine, variables
from include.local_run.stack.login import ui_login

AWS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("NO_PROXY", "example.com")
    return airflow.airflow_environment(ProjectPaths(tmp_path), 8081, AWS, variables(PROJECT))


def test_the_callers_aws_and_airflow_settings_do_not_leak(environment: dict[str, str]) -> None:
    """Protects a user's real AWS account from a local run."""
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_CONFIG_FILE"] == "/dev/null"
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert environment["AIRFLOW_HOME"].endswith(".local/airflow")


def test_local_requests_bypass_proxies(environment: dict[str, str]) -> None:
    assert environment["NO_PROXY"] == "example.com,127.0.0.1,localhost"


def test_servers_listen_on_loopback_only(environment: dict[str, str], tmp_path: Path) -> None:
    """Protects the API and the logs from the network."""
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    commands = {
        c.name: c.command for c in airflow.components(ProjectPaths(tmp_path), environment, 8081)
    }
    assert "--skip-serve-logs" in commands["scheduler"]
    assert "--skip-serve-logs" in commands["triggerer"]


def test_airflow_has_the_deployments_variables(environment: dict[str, str]) -> None:
    assert environment["AIRFLOW_VAR_DEPLOYMENT"] == "local"
    assert environment["AIRFLOW_VAR_ARTIFACT_BUCKET"] == variables(PROJECT)["artifact_bucket"]
    assert environment["AWS_ENDPOINT_URL"] == AWS["AWS_ENDPOINT_URL"]


def test_secrets_are_created_once_for_each_folder_with_mode_0600(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    first, second = (airflow.airflow_environment(paths, 1, {}, {}) for _ in range(2))
    other = airflow.airflow_environment(ProjectPaths(tmp_path / "other"), 1, {}, {})
    names = ("API__SECRET_KEY", "API_AUTH__JWT_SECRET", "CORE__FERNET_KEY")
    secrets = [first[f"AIRFLOW__{name}"] for name in names]
    assert secrets == [second[f"AIRFLOW__{name}"] for name in names]
    assert len({*secrets, *(other[f"AIRFLOW__{name}"] for name in names)}) == 6
    Fernet(first["AIRFLOW__CORE__FERNET_KEY"])
    files = [file for file in paths.airflow.iterdir() if file.is_file()]
    assert len(files) == 4
    assert [file for file in (paths.airflow, *files) if file.stat().st_mode & 0o077] == []


def test_the_password_is_created_once_for_each_folder_and_can_be_changed(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    login = ui_login(paths)
    assert login == ui_login(paths) != ui_login(ProjectPaths(tmp_path / "other"))
    assert len(login.password) == 20
    assert login.password not in repr(login)
    paths.passwords.write_text('{"admin": "changed"}')
    assert ui_login(paths).password == "changed"


def test_a_readable_password_file_gets_mode_0600(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    ui_login(paths)
    paths.passwords.chmod(0o644)
    ui_login(paths)
    assert paths.passwords.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["{", "[]", '"admin"', '{"admin": ""}', '{"other": "x"}'])
def test_an_invalid_password_file_is_named(tmp_path: Path, content: str) -> None:
    paths = ProjectPaths(tmp_path)
    ui_login(paths)
    paths.passwords.write_text(content)
    with pytest.raises(RunError, match=rf"{paths.passwords} must be .* delete it"):
        ui_login(paths)


def test_an_empty_secret_file_is_replaced(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    paths.airflow.mkdir(parents=True)
    (paths.airflow / "jwt_secret").touch()
    environment = airflow.airflow_environment(paths, 1, {}, {})
    assert len(environment["AIRFLOW__API_AUTH__JWT_SECRET"]) == 44


def test_a_ready_line_of_an_earlier_start_is_ignored(tmp_path: Path) -> None:
    """Protects against using the address of a server that has stopped."""
    log = tmp_path / "local-aws.log"
    log.write_text('{"event": "ready", "environment": {"AWS_ENDPOINT_URL": "old"}}\n')
    line = ReadyLine(log)
    assert line.environment() is None
    with log.open("a") as file:
        file.write('starting\n{"event": "other"}\n{"event": "re')
        file.flush()
        assert line.environment() is None
        file.write('ady", "environment": {"AWS_ENDPOINT_URL": "new"}}\n')
    assert line.environment() == {"AWS_ENDPOINT_URL": "new"}

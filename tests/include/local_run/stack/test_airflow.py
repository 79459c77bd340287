"""Airflow's environment: nothing of the caller's leads it elsewhere, nothing listens outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include.local_run.errors import RunError
from include.local_run.project_paths import PROJECT, Places
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
    return airflow.airflow_environment(Places(tmp_path), 8081, AWS, variables(PROJECT))


def test_the_callers_aws_and_airflow_settings_do_not_leak(environment: dict[str, str]) -> None:
    """Protects a user's real AWS account from a local run."""
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_CONFIG_FILE"] == "/dev/null"
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert environment["AIRFLOW_HOME"].endswith(".local/airflow")


def test_a_proxy_is_not_asked_for_this_machine(environment: dict[str, str]) -> None:
    assert environment["NO_PROXY"] == "example.com,127.0.0.1,localhost"


def test_only_this_machine_reaches_the_api(environment: dict[str, str], tmp_path: Path) -> None:
    """Protects the API and the logs from the network."""
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    commands = {c.name: c.command for c in airflow.components(Places(tmp_path), environment, 8081)}
    assert "--skip-serve-logs" in commands["scheduler"]
    assert "--skip-serve-logs" in commands["triggerer"]


def test_the_deployments_variables_are_given(environment: dict[str, str]) -> None:
    assert environment["AIRFLOW_VAR_DEPLOYMENT"] == "local"
    assert environment["AIRFLOW_VAR_ARTIFACT_BUCKET"] == variables(PROJECT)["artifact_bucket"]
    assert environment["AWS_ENDPOINT_URL"] == AWS["AWS_ENDPOINT_URL"]


def test_secrets_are_drawn_once_for_a_folder_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    places = Places(tmp_path)
    first, second = (airflow.airflow_environment(places, 1, {}, {}) for _ in range(2))
    other = airflow.airflow_environment(Places(tmp_path / "other"), 1, {}, {})
    names = ("API__SECRET_KEY", "API_AUTH__JWT_SECRET", "CORE__FERNET_KEY")
    drawn = [first[f"AIRFLOW__{name}"] for name in names]
    assert drawn == [second[f"AIRFLOW__{name}"] for name in names]
    assert len({*drawn, *(other[f"AIRFLOW__{name}"] for name in names)}) == 6
    Fernet(first["AIRFLOW__CORE__FERNET_KEY"])
    files = [file for file in places.airflow.iterdir() if file.is_file()]
    assert len(files) == 4
    assert [file for file in (places.airflow, *files) if file.stat().st_mode & 0o077] == []


def test_the_password_is_drawn_once_for_a_folder_and_may_be_changed(tmp_path: Path) -> None:
    places = Places(tmp_path)
    login = ui_login(places)
    assert login == ui_login(places) != ui_login(Places(tmp_path / "other"))
    assert len(login.password) == 20
    assert login.password not in repr(login)
    places.passwords.write_text('{"admin": "my own"}')
    assert ui_login(places).password == "my own"


def test_a_password_file_that_others_could_read_is_closed(tmp_path: Path) -> None:
    places = Places(tmp_path)
    ui_login(places)
    places.passwords.chmod(0o644)
    ui_login(places)
    assert places.passwords.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["{", "[]", '"admin"', '{"admin": ""}', '{"other": "x"}'])
def test_a_password_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    places = Places(tmp_path)
    ui_login(places)
    places.passwords.write_text(content)
    with pytest.raises(RunError, match=rf"{places.passwords} must be .* remove it and a new"):
        ui_login(places)


def test_an_interrupted_first_start_leaves_no_empty_secret(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.airflow.mkdir(parents=True)
    for name in ("jwt_secret", "jwt_secret.unfinished"):
        (places.airflow / name).touch()
    environment = airflow.airflow_environment(places, 1, {}, {})
    assert len(environment["AIRFLOW__API_AUTH__JWT_SECRET"]) == 44


def test_a_ready_line_of_an_earlier_start_does_not_count(tmp_path: Path) -> None:
    """Protects against talking to the S3 port of a server that is gone."""
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

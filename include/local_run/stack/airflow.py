"""Airflow's components: their configuration, commands and health."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import httpx

from include.local_run.project_paths import ProjectPaths
from include.local_run.proxies import proxy_exceptions
from include.local_run.stack.component import Component
from include.local_run.stack.login import USER, airflow_secrets, ui_login

AIRFLOW = (sys.executable, "-m", "airflow")
PARALLELISM = 4
_HOST = "127.0.0.1"
_FORKED = "include.local_run.stack.forked"
_HEALTH = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def ui_url(port: int) -> str:
    """Return the address of Airflow's UI."""
    return f"http://{_HOST}:{port}"


def base_environment() -> dict[str, str]:
    """Return this process's environment without settings of Airflow, AWS and Python."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "AWS_", "SAGEMAKER_", "PYTHON", "IMAGE_PIPELINES"))
    }
    return inherited | {
        **proxy_exceptions(inherited),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONUNBUFFERED": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
    }


def airflow_environment(
    paths: ProjectPaths, port: int, aws: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of Airflow's components, tuned for a computer with two cores.

    Args:
        paths: Files and folders of the local run.
        port: Port of the UI and the APIs on the loopback interface.
        aws: Environment variables for AWS clients.
        variables: Airflow Variables by name.
    """
    ui_login(paths)  # before Airflow creates a password and prints it
    settings = {**_core(paths), **_api(paths, port), **_pace()}
    environment = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    region = aws.get("AWS_DEFAULT_REGION", "us-east-1")
    connection = {"conn_type": "aws", "extra": {"region_name": region}}
    return {
        **base_environment(),
        **environment,
        **{f"AIRFLOW_VAR_{name.upper()}": value for name, value in variables.items()},
        **aws,
        "SAGEMAKER_CONSOLE_URL": aws.get("AWS_ENDPOINT_URL", ""),
        "AIRFLOW_HOME": str(paths.airflow),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        "IMAGE_PIPELINES_PATH": str(paths.pipelines),
        "PYTHONPATH": os.pathsep.join([str(paths.root), str(paths.root / "plugins")]),
    }


def _core(paths: ProjectPaths) -> dict[str, str]:
    return {
        "CORE__DAGS_FOLDER": str(paths.root / "dags"),
        "CORE__PLUGINS_FOLDER": str(paths.root / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": str(PARALLELISM),
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "CORE__AUTH_MANAGER": "include.local_run.auth_manager.LocalAuthManager",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(paths.passwords),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{paths.airflow / 'airflow.db'}",
        "AWS__SESSION_FACTORY": f"{_FORKED}.aws_sessions.SharedModelsSessionFactory",
        "LOGGING__BASE_LOG_FOLDER": str(paths.logs / "tasks"),
        "LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(paths.logs / "dags"),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _api(paths: ProjectPaths, port: int) -> dict[str, str]:
    secrets = airflow_secrets(paths)
    return {
        "API__HOST": _HOST,
        "API__PORT": str(port),
        "API__BASE_URL": ui_url(port),
        "API__WORKERS": "1",
        "API__INSTANCE_NAME": "Image classifier (local)",
        "API__SECRET_KEY": secrets["api_secret"],
        "API_AUTH__JWT_SECRET": secrets["jwt_secret"],
        "CORE__FERNET_KEY": secrets["fernet_key"],
        "API_AUTH__JWT_EXPIRATION_TIME": "604800",
        "CORE__EXECUTION_API_SERVER_URL": f"{ui_url(port)}/execution/",
    }


def _pace() -> dict[str, str]:
    """Return intervals and timeouts: short between tasks, long for periodic work."""
    return {
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.4",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        "DAG_PROCESSOR__PRINT_STATS_INTERVAL": "600",
        # A file that is parsed late, beside a training, must not lose its DAGs.
        "CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "360",
        "DAG_PROCESSOR__STALE_DAG_THRESHOLD": "600",
        # The API server may answer late on two busy cores; a task must not fail because of it.
        "WORKERS__EXECUTION_API_TIMEOUT": "60",
        "WORKERS__MAX_FAILED_HEARTBEATS": "20",
        # The interval in which a worker notices that its task has ended. If a deferred task is
        # queued again before, Airflow takes the late message for a failure.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # How soon a restarted component takes over the work of the killed one.
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "40",
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "40",
    }


def migration(paths: ProjectPaths, environment: Mapping[str, str]) -> Component:
    """Return the command that creates or migrates the metadata database."""
    return _component(paths, environment, "migrate", "db", "migrate")


def is_migrated(paths: ProjectPaths) -> bool:
    """Return whether this version of Airflow has migrated the metadata database.

    A file records the version, because `airflow db check-migrations` takes seconds.
    """
    file = _migration_record(paths)
    database = paths.airflow / "airflow.db"
    return database.exists() and file.exists() and file.read_text() == version("apache-airflow")


def record_migration(paths: ProjectPaths) -> None:
    """Record that this version of Airflow has migrated the metadata database."""
    _migration_record(paths).write_text(version("apache-airflow"))


def _migration_record(paths: ProjectPaths) -> Path:
    return paths.airflow / "migrated"


def components(
    paths: ProjectPaths, environment: Mapping[str, str], port: int
) -> Iterator[Component]:
    """Yield the long-running components, which need the metadata database."""
    # Logs are read from disk. The log servers of components would listen on all interfaces.
    for name, options in (
        ("api-server", ("--host", _HOST, "--port", str(port))),
        ("scheduler", ("--skip-serve-logs",)),
        ("dag-processor", ()),
        ("triggerer", ("--skip-serve-logs",)),
    ):
        yield _component(paths, environment, name, name, *options)


def fork_server(paths: ProjectPaths, environment: Mapping[str, str]) -> Component:
    """Return the process that imports Airflow, and whose forks the components are."""
    program = (sys.executable, "-m", f"{_FORKED}.fork_server")
    return Component(
        "fork-server", program, environment, paths.root, paths.logs / "fork-server.log"
    )


def arguments(component: Component) -> tuple[str, ...]:
    """Return the arguments of `airflow` in a component's command."""
    if component.command[: len(AIRFLOW)] != AIRFLOW:
        raise ValueError(f"{component.name} is not a command of Airflow")
    return component.command[len(AIRFLOW) :]


def _component(
    paths: ProjectPaths, environment: Mapping[str, str], name: str, *arguments: str
) -> Component:
    return Component(
        name=name,
        command=(*AIRFLOW, *arguments),
        environment=environment,
        folder=paths.root,
        log=paths.logs / f"{name}.log",
    )


def warm_up_execution_api(port: int) -> None:
    """Have the API server initialize the execution API, which takes seconds.

    Otherwise the first task would wait for it. Return when it is done, or after two minutes.
    """
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{ui_url(port)}/execution/health", timeout=60, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return


def unhealthy_components(port: int) -> str | None:
    """Return the names of components that are not healthy, or None if all are healthy."""
    try:
        answer = httpx.get(f"{ui_url(port)}/api/v2/monitor/health", timeout=5, trust_env=False)
        health = answer.raise_for_status().json()
    except (httpx.HTTPError, json.JSONDecodeError):
        return "api-server"
    waiting = [part for part in _HEALTH if (health.get(part) or {}).get("status") != "healthy"]
    return ", ".join(waiting) or None

"""Airflow's components, how they are configured, and when they are ready."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import httpx

from include.local_run.project_paths import Places
from include.local_run.stack.component import Component
from include.local_run.stack.login import USER, airflow_secrets, ui_login

PARALLELISM = 4
_HOST = "127.0.0.1"
_HEALTH = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def ui_url(port: int) -> str:
    """Where a browser finds Airflow."""
    return f"http://{_HOST}:{port}"


def base_environment() -> dict[str, str]:
    """The caller's environment without what would lead Airflow or boto3 elsewhere."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "AWS_", "SAGEMAKER_", "PYTHON", "IMAGE_PIPELINES"))
    }
    bypass = ",".join(filter(None, [inherited.get("NO_PROXY"), "127.0.0.1,localhost"]))
    return inherited | {
        "NO_PROXY": bypass,
        "no_proxy": bypass,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONUNBUFFERED": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
    }


def airflow_environment(
    places: Places, port: int, aws: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, str]:
    """Airflow's settings for one machine of two cores.

    Args:
        places: The project's folders.
        port: Of the UI and the APIs, on the loopback interface only.
        aws: The variables that lead AWS clients to the local AWS.
        variables: Airflow Variables by name.
    """
    ui_login(places)  # before Airflow would draw a password of its own, and print it
    settings = {**_core(places), **_api(places, port), **_pace()}
    environment = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    region = aws.get("AWS_DEFAULT_REGION", "us-east-1")
    connection = {"conn_type": "aws", "extra": {"region_name": region}}
    return {
        **base_environment(),
        **environment,
        **{f"AIRFLOW_VAR_{name.upper()}": value for name, value in variables.items()},
        **aws,
        "SAGEMAKER_CONSOLE_URL": aws.get("AWS_ENDPOINT_URL", ""),
        "AIRFLOW_HOME": str(places.airflow),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        "IMAGE_PIPELINES_PATH": str(places.pipelines),
        "PYTHONPATH": os.pathsep.join([str(places.root), str(places.root / "plugins")]),
    }


def _core(places: Places) -> dict[str, str]:
    return {
        "CORE__DAGS_FOLDER": str(places.root / "dags"),
        "CORE__PLUGINS_FOLDER": str(places.root / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": str(PARALLELISM),
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "CORE__AUTH_MANAGER": "include.local_run.auth_manager.LocalAuthManager",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(places.passwords),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{places.airflow / 'airflow.db'}",
        "LOGGING__BASE_LOG_FOLDER": str(places.logs / "tasks"),
        "LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(places.logs / "dags"),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _api(places: Places, port: int) -> dict[str, str]:
    secrets = airflow_secrets(places)
    return {
        "API__HOST": _HOST,
        "API__PORT": str(port),
        "API__BASE_URL": ui_url(port),
        "API__WORKERS": "1",
        "API__INSTANCE_NAME": "Image classifier on this machine",
        "API__SECRET_KEY": secrets["api_secret"],
        "API_AUTH__JWT_SECRET": secrets["jwt_secret"],
        "CORE__FERNET_KEY": secrets["fernet_key"],
        "API_AUTH__JWT_EXPIRATION_TIME": "604800",
        "CORE__EXECUTION_API_SERVER_URL": f"{ui_url(port)}/execution/",
    }


def _pace() -> dict[str, str]:
    """Short pauses where they separate tasks, long ones where work is merely repeated."""
    return {
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.4",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        "DAG_PROCESSOR__PRINT_STATS_INTERVAL": "600",
        # Two busy cores answer late at times; a task must not fail for that.
        "WORKERS__EXECUTION_API_TIMEOUT": "60",
        "WORKERS__MAX_FAILED_HEARTBEATS": "20",
        # A worker may notice that its task has ended only so late. If the task was deferred and is
        # queued again by then, Airflow takes the late word of its end for a failure.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # How soon the work of a killed component is taken up by its successor.
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "40",
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "40",
    }


def migration(places: Places, environment: Mapping[str, str]) -> Component:
    """The one-off command that makes or updates the metadata database."""
    return _component(places, environment, "migrate", "db", "migrate")


def is_migrated(places: Places) -> bool:
    """Whether the metadata database is complete and this Airflow's: asking it takes seconds."""
    file = _migration_note(places)
    database = places.airflow / "airflow.db"
    return database.exists() and file.exists() and file.read_text() == version("apache-airflow")


def note_migration(places: Places) -> None:
    """Notes that the metadata database is complete."""
    _migration_note(places).write_text(version("apache-airflow"))


def _migration_note(places: Places) -> Path:
    return places.airflow / "migrated"


def components(places: Places, environment: Mapping[str, str], port: int) -> Iterator[Component]:
    """The long-running components; they need the metadata database."""
    api = ("api-server", "--host", _HOST, "--port", str(port))
    yield _component(places, environment, "api-server", *api)
    # Logs are read from disk: the components' own log servers would listen on all interfaces.
    yield _component(
        places,
        environment,
        "scheduler",
        "scheduler",
        "--skip-serve-logs",
        program="include.local_run.stack.warm",
    )
    yield _component(places, environment, "dag-processor", "dag-processor")
    yield _component(places, environment, "triggerer", "triggerer", "--skip-serve-logs")


def _component(
    places: Places,
    environment: Mapping[str, str],
    name: str,
    *arguments: str,
    program: str = "airflow",
) -> Component:
    return Component(
        name=name,
        command=(sys.executable, "-m", program, *arguments),
        environment=environment,
        folder=places.root,
        log=places.logs / f"{name}.log",
    )


def wake_execution_api(port: int) -> None:
    """Has the api-server build what tasks talk to, which it else does at the first task.

    That takes seconds, in which other components can start. Returns when it is done, or when the
    api-server does not come up in time.
    """
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{ui_url(port)}/execution/health", timeout=60, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return


def not_ready(port: int) -> str | None:
    """What Airflow still waits for, or None when all its components report themselves healthy."""
    try:
        answer = httpx.get(f"{ui_url(port)}/api/v2/monitor/health", timeout=5, trust_env=False)
        health = answer.raise_for_status().json()
    except (httpx.HTTPError, json.JSONDecodeError):
        return "api-server"
    waiting = [part for part in _HEALTH if (health.get(part) or {}).get("status") != "healthy"]
    return ", ".join(waiting) or None

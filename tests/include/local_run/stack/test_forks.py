"""Commands of Airflow in forks of the fork server: environment, log, exit status, and its loss."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from include.local_run.errors import RunError
from include.local_run.project_paths import PROJECT, ProjectPaths
from include.local_run.stack import airflow
from include.local_run.stack.component import Component
from include.local_run.stack.forks import LOST, ForkedProcess, ForkServer
from include.local_run.stack.process_marks import find_marked, mark_variables
from tests.waiting import LONG

Start = Callable[..., ForkedProcess]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ProjectPaths:
    return ProjectPaths(state=tmp_path_factory.mktemp("forks"))


@pytest.fixture(scope="module")
def mark(paths: ProjectPaths) -> str:
    return str(paths.local)


@pytest.fixture(scope="module")
def server(paths: ProjectPaths, mark: str) -> Iterator[ForkServer]:
    environment = airflow.airflow_environment(paths, 1, {}, {}) | mark_variables(mark)
    forks = ForkServer(airflow.fork_server(paths, environment))
    forks.open()
    yield forks
    forks.close()
    assert not find_marked(mark)


@pytest.fixture
def start(server: ForkServer, paths: ProjectPaths) -> Start:
    def run(*arguments: str, **environment: str) -> ForkedProcess:
        component = Component(
            name="fork",
            command=(*airflow.AIRFLOW, *arguments),
            environment=airflow.airflow_environment(paths, 1, {}, {}) | environment,
            folder=PROJECT,
            log=paths.logs / "fork.log",
        )
        component.log.unlink(missing_ok=True)
        return server.start(component, airflow.arguments(component))

    return run


def test_a_fork_has_the_environment_and_the_log_of_its_component(
    start: Start, tmp_path: Path
) -> None:
    fork = start(
        "config", "get-value", "core", "dags_folder", AIRFLOW__CORE__DAGS_FOLDER=str(tmp_path)
    )
    assert fork.wait(LONG)
    assert (fork.status, fork.exit_description) == (0, "exit status 0")
    assert fork.component.log.read_text().strip().endswith(str(tmp_path))
    assert fork.component.log.stat().st_mode & 0o777 == 0o600


def test_a_failed_command_has_its_exit_status(start: Start) -> None:
    fork = start("config", "no-such-command")
    assert fork.wait(LONG)
    assert fork.status == 2
    assert "no-such-command" in fork.component.log.read_text()


def test_a_killed_fork_has_the_signal(start: Start, mark: str) -> None:
    fork = start("api-server", "--port", "1")
    assert not fork.ended
    assert fork.pid in find_marked(mark)
    fork.signal_group(signal.SIGKILL)
    assert fork.wait(LONG)
    assert fork.exit_description == "killed by SIGKILL"


def test_forks_end_with_their_server_and_the_next_one_has_a_new_server(
    start: Start, server: ForkServer, mark: str
) -> None:
    first = start("api-server", "--port", "1")
    (serving,) = find_marked(mark) - {first.pid}
    os.kill(serving, signal.SIGKILL)
    assert first.wait(LONG)
    assert first.status == LOST
    deadline = time.monotonic() + LONG
    while find_marked(mark):
        assert time.monotonic() < deadline, "the fork outlived its server"
        time.sleep(0.05)
    second = start("version")
    assert second.wait(LONG)
    assert second.status == 0


def test_a_server_that_cannot_start_is_an_error_with_its_log(paths: ProjectPaths) -> None:
    program = airflow.fork_server(paths, {})
    broken = replace(program, command=(*program.command[:2], "include.no_such_module"))
    forks, component = ForkServer(broken), airflow.migration(paths, {})
    with pytest.raises(RunError, match=r"(?s)fork-server ended; its log is .*No module named"):
        forks.start(component, airflow.arguments(component))
    forks.close()

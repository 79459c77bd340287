"""The stack of a local run: the local AWS and Airflow's components."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from include.local_aws.access.private_files import write_private_file
from include.local_run.errors import RunError, usage_error
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack import airflow
from include.local_run.stack.aws import ReadyLine, local_aws, variables, wait_for_ready_line
from include.local_run.stack.component import Component, RunningProcess, tail
from include.local_run.stack.forks import LOST, ForkServer
from include.local_run.stack.libraries import require_libraries
from include.local_run.stack.ports import require_free_port
from include.local_run.stack.state_folder import create_state_folder
from include.local_run.stack.supervisor import RESTART_WINDOW, Report, Supervisor

START_TIMEOUT = 300.0


@dataclass(frozen=True)
class Ports:
    """Ports of Airflow's UI and of the local AWS."""

    ui: int = 8080
    aws: int = 4566


class Stack:
    """Context manager in which the stack's processes run.

    Args:
        paths: Files and folders of the local run.
        ports: Ports to listen on; checked before anything starts, and after what an earlier stack
            of this folder left behind has ended.
        report: Called with a line for each event.
        restart_window: Seconds after which a restart no longer counts towards `restarts`.
    """

    def __init__(
        self,
        paths: ProjectPaths,
        ports: Ports,
        report: Report,
        restart_window: float = RESTART_WINDOW,
    ) -> None:
        create_state_folder(paths)
        require_libraries()
        if ports.ui == ports.aws:
            raise usage_error(f"UI_PORT and AWS_PORT are both {ports.ui}: set two different ports")
        self.paths, self.ports = paths, ports
        self.aws: dict[str, str] = {}
        self._supervisor = Supervisor(paths.local, report, restart_window)
        self._forks = ForkServer(airflow.fork_server(paths, self.airflow_environment()))

    def __enter__(self) -> Stack:
        self._supervisor.__enter__()
        try:
            require_free_port(self.ports.ui, "Airflow's UI", "UI_PORT")
            require_free_port(self.ports.aws, "the local AWS", "AWS_PORT")
        except BaseException:
            self._supervisor.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.paths.running.unlink(missing_ok=True)
        try:
            self._supervisor.end()
        finally:
            self._forks.close()

    def check(self) -> None:
        """Raise `RunError` if a component has failed for good."""
        self._supervisor.check()

    def start_aws_and_airflow(self, pipeline: str) -> None:
        """Start all components and return as soon as the local AWS is ready; Airflow takes longer.

        Args:
            pipeline: Name of the pipeline, recorded for `predict`.
        """
        environment = airflow.base_environment() | self._supervisor.marks()
        server = local_aws(self.paths, self.ports.aws, environment, airflow.ui_url(self.ports.ui))
        line = ReadyLine(server.log)
        self._supervisor.start(server)
        self._forks.open()
        self.aws = wait_for_ready_line(line, self.check, time.sleep)
        self._migrate()
        for component in self.airflow_components():
            self._supervisor.start(component, self._fork)
        warm_up = threading.Thread(
            target=airflow.warm_up_execution_api, args=(self.ports.ui,), daemon=True
        )
        warm_up.start()
        self._record(pipeline)

    def wait_for_airflow(self, waiting: Callable[[str], None]) -> None:
        """Return when all of Airflow's components are healthy.

        Args:
            waiting: Called with the names of components that are not healthy, when they change.

        Raises:
            RunError: Airflow is not ready in time, or a component has failed for good.
        """
        started, reported = time.monotonic(), None
        while True:
            unhealthy = airflow.unhealthy_components(self.ports.ui)
            if unhealthy is None:
                return
            if unhealthy != reported:
                reported = unhealthy
                waiting(unhealthy)
            self.check()
            if time.monotonic() - started > START_TIMEOUT:
                raise RunError(
                    f"Airflow is not ready after {START_TIMEOUT:.0f} s, waiting for {unhealthy}: "
                    f"see the logs in {self.paths.logs}"
                )
            time.sleep(0.2)

    def airflow_environment(self) -> dict[str, str]:
        """Return the environment of Airflow's components. Subclasses may add settings."""
        settings = airflow.airflow_environment(
            self.paths, self.ports.ui, self.aws, variables(self.paths.root)
        )
        return settings | self._supervisor.marks()

    def airflow_components(self) -> Iterator[Component]:
        """Return Airflow's components. Subclasses may add components."""
        return airflow.components(self.paths, self.airflow_environment(), self.ports.ui)

    def pid(self, component: str) -> int:
        """Return the process id of a component."""
        return self._supervisor.pid(component)

    def _fork(self, component: Component) -> RunningProcess:
        return self._forks.start(component, airflow.arguments(component))

    def _migrate(self) -> None:
        """Create or migrate the metadata database, unless it is up to date."""
        if airflow.is_migrated(self.paths):
            return
        component = airflow.migration(self.paths, self.airflow_environment())
        component.log.unlink(missing_ok=True)
        migration = self._fork(component)
        while not migration.wait(0.2):
            self.check()
        if migration.status != 0:
            log = self._forks.log if migration.status == LOST else component.log
            raise RunError(f"`airflow db migrate` failed; see the log {log}:\n{tail(log)}")
        airflow.record_migration(self.paths)

    def _record(self, pipeline: str) -> None:
        state = {
            "ui": airflow.ui_url(self.ports.ui),
            "pipeline": pipeline,
            "environment": self.aws,
            "variables": variables(self.paths.root),
        }
        write_private_file(self.paths.running, json.dumps(state, indent=1).encode())


def running_stack(paths: ProjectPaths) -> Mapping[str, Any]:
    """Return the addresses of the stack that runs in this folder.

    Raises:
        RunError: No stack is running.
    """
    try:
        state: Mapping[str, Any] = json.loads(paths.running.read_text())
    except FileNotFoundError:
        raise RunError(
            f"no stack is running in {paths.root}: start it with `make run` in another terminal"
        ) from None
    return state

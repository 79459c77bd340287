"""The whole stack: the local AWS and Airflow, started together and ended together."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from include.local_run.errors import RunError
from include.local_run.project_paths import Places
from include.local_run.stack import airflow
from include.local_run.stack.aws import ReadyLine, local_aws, variables, wait_for_ready_line
from include.local_run.stack.component import Component, Running, tail
from include.local_run.stack.libraries import require_libraries
from include.local_run.stack.ports import require_free
from include.local_run.stack.private import make_private
from include.local_run.stack.supervisor import FORGIVEN_AFTER, Report, Supervisor

START_LIMIT = 300.0


@dataclass(frozen=True)
class Ports:
    """The two addresses that users choose."""

    ui: int = 8080
    aws: int = 4566


class Stack:
    """A context in which the stack's processes live.

    Args:
        places: The project's folders.
        ports: Checked before anything starts.
        report: Called with one line for each event.
        forgiven_after: Seconds after which a component's death no longer counts against it.
    """

    def __init__(
        self,
        places: Places,
        ports: Ports,
        report: Report,
        forgiven_after: float = FORGIVEN_AFTER,
    ) -> None:
        make_private(places)
        require_libraries()
        require_free(ports.ui, "Airflow's UI", "UI_PORT")
        require_free(ports.aws, "the local AWS", "AWS_PORT")
        self.places, self.ports = places, ports
        self.aws: dict[str, str] = {}
        self._supervisor = Supervisor(str(places.local), report, forgiven_after)

    def __enter__(self) -> Stack:
        self._supervisor.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.places.running.unlink(missing_ok=True)
        self._supervisor.end()

    def check(self) -> None:
        """Raises when a component could not be kept running."""
        self._supervisor.check()

    def start_aws_and_airflow(self, pipeline: str) -> None:
        """Starts everything and returns as soon as AWS calls work; Airflow takes longer.

        Args:
            pipeline: Recorded for other commands, such as `predict`.
        """
        environment = airflow.base_environment() | self._supervisor.marks()
        server = local_aws(self.places, self.ports.aws, environment)
        line = ReadyLine(server.log)
        self._supervisor.start(server)
        migration = self._start_migration()
        self.aws = wait_for_ready_line(line, self.check, time.sleep)
        self._finish_migration(migration)
        for component in self.airflow_components():
            self._supervisor.start(component)
        waking = threading.Thread(
            target=airflow.wake_execution_api, args=(self.ports.ui,), daemon=True
        )
        waking.start()
        self._record(pipeline)

    def wait_for_airflow(self, waiting: Callable[[str], None]) -> None:
        """Returns when all of Airflow's components are healthy.

        Args:
            waiting: Called with what is still missing, each time that changes.
        """
        started, missing = time.monotonic(), None
        while True:
            now = airflow.not_ready(self.ports.ui)
            if now is None:
                return
            if now != missing:
                missing = now
                waiting(now)
            self.check()
            if time.monotonic() - started > START_LIMIT:
                raise RunError(
                    f"Airflow is not ready after {START_LIMIT:.0f} s, {now} is missing: "
                    f"see the logs in {self.places.logs}"
                )
            time.sleep(0.2)

    def airflow_environment(self) -> dict[str, str]:
        """The environment of Airflow's components; a stack with other settings overrides it."""
        told = variables(self.places.root)
        settings = airflow.airflow_environment(self.places, self.ports.ui, self.aws, told)
        return settings | self._supervisor.marks()

    def airflow_components(self) -> Iterator[Component]:
        """Airflow's components; a stack that has more of them overrides it."""
        return airflow.components(self.places, self.airflow_environment(), self.ports.ui)

    def pid(self, component: str) -> int:
        """The process id of a component, as long as it lives."""
        return self._supervisor.pid(component)

    def _start_migration(self) -> Running | None:
        """Makes the metadata database, unless this version of Airflow has made it before."""
        component = airflow.migration(self.places, self.airflow_environment())
        if airflow.is_migrated(self.places):
            return None
        component.log.unlink(missing_ok=True)
        return Running(component)

    def _finish_migration(self, migration: Running | None) -> None:
        if migration is None:
            return
        while not migration.wait(0.2):
            self.check()
        _require_success(migration.component, migration.process.returncode)
        airflow.note_migration(self.places)

    def _record(self, pipeline: str) -> None:
        state = {
            "ui": airflow.ui_url(self.ports.ui),
            "pipeline": pipeline,
            "environment": self.aws,
            "variables": variables(self.places.root),
        }
        self.places.running.touch(mode=0o600)
        self.places.running.write_text(json.dumps(state, indent=1))


def _require_success(component: Component, status: int) -> None:
    if status != 0:
        raise RunError(
            f"`airflow db migrate` failed; its log is {component.log}:\n{tail(component.log)}"
        )


def running_stack(places: Places) -> Mapping[str, Any]:
    """Where the stack that runs in this folder can be reached.

    Raises:
        RunError: None runs.
    """
    try:
        state: Mapping[str, Any] = json.loads(places.running.read_text())
    except FileNotFoundError:
        raise RunError(
            f"nothing runs in {places.root}: start it with `make run` in another terminal"
        ) from None
    return state

"""The programs of a job, one for each instance: the first failure ends all of them."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.local_aws.containers.container import Container
from include.local_aws.processes.child import Child
from include.local_aws.processes.isolation import Isolation

_NICE = 5  # the server, Airflow and the endpoints have priority
_TICK = 0.1  # seconds


@dataclass(frozen=True)
class Program:
    """The program of one instance, and the file of its log stream."""

    container: Container
    command: Sequence[str]
    environment: dict[str, str]
    log: Path


@dataclass(frozen=True)
class Exit:
    """The exit code of a program, and the instance that it ran on."""

    container: Container
    code: int


class Programs:
    """Running programs; call `kill` at the end. If the server ends, they are killed."""

    def __init__(self, programs: Sequence[Program], isolation: Isolation) -> None:
        self._containers = [program.container for program in programs]
        self._children: list[Child] = []
        with contextlib.ExitStack() as undo:
            undo.callback(self.kill)
            for program in programs:
                self._children.append(_spawn(program, isolation))
            undo.pop_all()

    def wait(self) -> Exit | None:
        """Wait a moment, and return the exit of the first failed program, if there is one.

        Returns the first program's exit when all have succeeded, and None while one runs.
        """
        codes = [child.exit_code for child in self._children]
        for container, code in zip(self._containers, codes, strict=True):
            if code:
                return Exit(container, code)
        if None in codes:
            self._children[codes.index(None)].wait(_TICK)
            return None
        return Exit(self._containers[0], 0)

    def stop(self, grace: float, hurry: Callable[[], bool]) -> None:
        """Send SIGTERM, and call `kill` after `grace` seconds or when `hurry` returns True."""
        for child in self._children:
            child.terminate()
        deadline = time.monotonic() + grace
        for child in self._children:
            while child.wait(_TICK) is None and time.monotonic() < deadline and not hurry():
                continue
        self.kill()

    def kill(self) -> None:
        """Kill the programs that still run, and release their resources."""
        for child in self._children:
            child.kill()


def _spawn(program: Program, isolation: Isolation) -> Child:
    return Child(
        isolation.command(program.container.base, program.command),
        environment=program.environment,
        directory=program.container.directory,
        log=program.log,
        nice=_NICE,
    )

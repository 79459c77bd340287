"""A job's programs, one an instance: they run side by side, and one failure ends them all."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.local_aws.containers.container import Container
from include.local_aws.processes.child import Child
from include.local_aws.processes.isolation import Isolation

_NICE = 5  # the server, Airflow and the endpoints answer first
_TICK = 0.1  # seconds


@dataclass(frozen=True)
class Program:
    """What runs on one instance, and the log stream that it writes."""

    container: Container
    command: Sequence[str]
    environment: dict[str, str]
    log: Path


@dataclass(frozen=True)
class Exit:
    """How a program ended, and on which instance."""

    container: Container
    code: int


class Programs:
    """Running programs; they die with the server, and `kill` must be called at the end."""

    def __init__(self, programs: Sequence[Program], isolation: Isolation) -> None:
        self._containers = [program.container for program in programs]
        self._children: list[Child] = []
        with contextlib.ExitStack() as undo:
            undo.callback(self.kill)
            for program in programs:
                self._children.append(_spawn(program, isolation))
            undo.pop_all()

    def wait(self) -> Exit | None:
        """Wait a moment for the end: of all of them, or of the first that failed.

        The exit of the first program stands for all where all have succeeded.
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
        """SIGTERM, up to `grace` seconds of patience or until there is hurry, then `kill`."""
        for child in self._children:
            child.terminate()
        deadline = time.monotonic() + grace
        for child in self._children:
            while child.wait(_TICK) is None and time.monotonic() < deadline and not hurry():
                continue
        self.kill()

    def kill(self) -> None:
        """End what still runs at once; releases what the programs held."""
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

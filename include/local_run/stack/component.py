"""A long-running process of the stack."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.local_run.stack import bind_to_parent


@dataclass(frozen=True)
class Component:
    """Description of a process to run.

    Attributes:
        name: The component's name.
        command: Program and arguments.
        environment: All environment variables.
        folder: Working directory.
        log: File to which the output is appended.
        restarts: How often the process is restarted when it ends by itself.
        grace: Seconds between SIGTERM and SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    restarts: int = 3
    grace: float = 4.0


class RunningProcess(ABC):
    """The process of a component, in its own session and process group.

    Attributes:
        component: The component.
        pid: The process id.
    """

    component: Component
    pid: int

    @property
    @abstractmethod
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while the process runs.

        Its children may still run when the process has ended.
        """

    @abstractmethod
    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the process; return whether it has ended."""

    @property
    def ended(self) -> bool:
        """Whether the process has ended. Its children may still run."""
        return self.status is not None

    @property
    def exit_description(self) -> str:
        """The exit status or signal, for messages."""
        status = self.status
        if status is not None and status < 0:
            return f"killed by {signal.Signals(-status).name}"
        return f"exit status {status}"

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process group."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:  # all have ended, or a fork has not made its group yet
            if not self.ended:
                with contextlib.suppress(ProcessLookupError):  # reaped, and not reported yet
                    os.kill(self.pid, number)


class ExecutedProcess(RunningProcess):
    """The process of a component's command.

    Args:
        component: The component.
        descriptors: File descriptors that the process inherits.
    """

    def __init__(self, component: Component, descriptors: tuple[int, ...] = ()) -> None:
        self.component = component
        component.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        wrapper = (sys.executable, "-I", "-S", bind_to_parent.__file__, str(os.getpid()))
        with open(component.log, "ab", opener=_open_private) as log:
            self._process = subprocess.Popen(
                [*wrapper, *component.command],
                env=dict(component.environment),
                cwd=component.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,  # only the owner can read logs, databases and outputs
                pass_fds=descriptors,
            )
        self.pid = self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while the process runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the process; return whether it has ended."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True


def _open_private(path: str, flags: int) -> int:
    """Open a file; a new file has mode 0600."""
    return os.open(path, flags, 0o600)


def tail(log: Path, lines: int = 5) -> str:
    """Return the last lines of a log, for error messages."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        text = file.read().decode(errors="replace").splitlines()
    return "\n".join([line for line in text if line.strip()][-lines:])

"""One long-running process of the stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.local_run.stack import bind_to_parent


@dataclass(frozen=True)
class Component:
    """What to run, and how.

    Attributes:
        name: Its log is `<name>.log`.
        command: Program and arguments.
        environment: Its whole environment.
        folder: Working directory.
        log: Its output is appended here.
        restarts: How often it is started again when it ends by itself.
        grace: Seconds it may take to end before it is killed.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    restarts: int = 3
    grace: float = 4.0


class Running:
    """A started component, in a session and process group of its own."""

    def __init__(self, component: Component) -> None:
        self.component = component
        self.started = time.monotonic()
        component.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        wrapper = (sys.executable, "-I", "-S", bind_to_parent.__file__, str(os.getpid()))
        with open(component.log, "ab", opener=_open_private) as log:
            self.process = subprocess.Popen(
                [*wrapper, *component.command],
                env=dict(component.environment),
                cwd=component.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,  # logs, databases and outputs are the owner's alone
            )

    @property
    def ended(self) -> bool:
        """Whether the process itself is gone; its children may live."""
        return self.process.poll() is not None

    @property
    def how_it_ended(self) -> str:
        """Exit status or signal, in words."""
        code = self.process.returncode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}"

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to the process and all that stayed in its group."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def wait(self, seconds: float) -> bool:
        """Whether the process ended within the time."""
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True


def _open_private(path: str, flags: int) -> int:
    """Open a file that, if it is new, only its owner can read."""
    return os.open(path, flags, 0o600)


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for an error message."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        text = file.read().decode(errors="replace").splitlines()
    return "\n".join([line for line in text if line.strip()][-lines:])

"""Start a program that dies with this server, whatever ends the server."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_REAPER = Path(__file__).with_name("process_reaper.py")


class Child:
    """One running program below a reaper (see `process_reaper.py`).

    Args:
        command: the program and its arguments.
        environment: all of its environment; nothing is inherited.
        directory: where it starts.
        log: the file that its output is appended to, line by line with the time.
        nice: how far it stands behind the server and what else the machine does.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
        nice: int = 0,
    ) -> None:
        theirs, self._lifeline = os.pipe()  # ours is closed on exec: no other child holds it
        self._lock = threading.Lock()
        log.parent.mkdir(parents=True, exist_ok=True)
        reaper = [sys.executable, "-I", "-S", str(_REAPER)]
        try:
            self._reaper = subprocess.Popen(
                [*reaper, str(theirs), str(log), str(nice), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=directory,
                env=dict(environment),
                pass_fds=(theirs,),
                start_new_session=True,
            )
        finally:
            os.close(theirs)

    @property
    def exit_code(self) -> int | None:
        """The program's exit code, 128 + signal if one ended it, or None while it runs."""
        code = self._reaper.poll()
        return code if code is None or code >= 0 else 128 - code

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end and return the exit code, or None when the time is up first."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._reaper.wait(timeout)
        return self.exit_code

    def terminate(self) -> None:
        """Ask the program to end (SIGTERM)."""
        if self._reaper.poll() is None:
            self._reaper.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the program and all it started at once, and wait for that."""
        with self._lock:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1
        self._reaper.wait()

    def stop(self, grace: float) -> None:
        """SIGTERM, up to `grace` seconds of patience, then kill; releases what the child held."""
        self.terminate()
        self.wait(grace)
        self.kill()

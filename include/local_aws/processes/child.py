"""Programs that end with the server, however the server ends."""

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
    """A running program with a process reaper as its parent (see `process_reaper.py`).

    Args:
        command: The program and its arguments.
        environment: All environment variables; none are inherited.
        directory: The working directory.
        log: File to which the output is appended, each line with its time.
        nice: The nice value; above 0, other programs have priority.
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
        read_end, self._lifeline = os.pipe()  # close-on-exec: no other child inherits ours
        self._lock = threading.Lock()
        log.parent.mkdir(parents=True, exist_ok=True)
        reaper = [sys.executable, "-I", "-S", str(_REAPER)]
        try:
            self._reaper = subprocess.Popen(
                [*reaper, str(read_end), str(log), str(nice), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=directory,
                env=dict(environment),
                pass_fds=(read_end,),
                start_new_session=True,
            )
        finally:
            os.close(read_end)

    @property
    def exit_code(self) -> int | None:
        """The program's exit code (128 + signal number for signals), or None while it runs."""
        code = self._reaper.poll()
        return code if code is None or code >= 0 else 128 - code

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the program's end; return the exit code, or None after the timeout."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._reaper.wait(timeout)
        return self.exit_code

    def terminate(self) -> None:
        """Send SIGTERM to the program."""
        if self._reaper.poll() is None:
            self._reaper.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the program and all its descendants, and wait for their end."""
        with self._lock:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1
        self._reaper.wait()

    def stop(self, grace: float) -> None:
        """Send SIGTERM, wait up to `grace` seconds, then kill; release the child's resources."""
        self.terminate()
        self.wait(grace)
        self.kill()

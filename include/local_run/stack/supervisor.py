"""Supervisor of components: restart them when they fail, and terminate all of them at the end."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from include.local_run.errors import RunError
from include.local_run.stack import process_marks
from include.local_run.stack.component import Component, ExecutedProcess, RunningProcess, tail
from include.local_run.stack.process_marks import terminate_marked

Report = Callable[[str], None]
Launch = Callable[[Component], RunningProcess]
CHECK_INTERVAL = 0.5
RESTART_WINDOW = 600.0


class Supervisor:
    """Starts components, restarts those that fail, and terminates all on leaving its context.

    The environment of components must contain the variables of `marks()`, by which the supervisor
    finds processes that left their process group. If the supervising process is killed, the kernel
    sends SIGTERM to the components, and a guardian process terminates what they leave behind.

    Args:
        folder: The folder of the stack's state, of which there is one stack at a time.
        report: Called with a line for each event that the user should see.
        restart_window: Seconds after which a restart no longer counts towards `restarts`.
    """

    def __init__(
        self, folder: Path, report: Report, restart_window: float = RESTART_WINDOW
    ) -> None:
        self._folder, self._mark = folder, process_marks.new_mark(folder)
        self.failure: str | None = None
        self._report = report
        self._restart_window = restart_window
        self._running: dict[str, RunningProcess] = {}
        self._launches: dict[str, Launch] = {}
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.RLock()
        self._ending, self._ended = threading.Event(), threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def marks(self) -> dict[str, str]:
        """Return the environment variables that each component needs."""
        return process_marks.mark_variables(self._mark)

    def __enter__(self) -> Supervisor:
        # What earlier stacks left behind: if their guardian was killed, too, or is still at work.
        terminate_marked(str(self._folder), grace=5.0)
        # The guardian knows its own stack only: it may still be at work when the next one runs.
        self._guardian = _start_guardian(self._mark)
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def start(self, component: Component, launch: Launch = ExecutedProcess) -> None:
        """Start a component and supervise it from now on.

        Args:
            component: The component.
            launch: Starts its process, now and at each restart.
        """
        with self._lock:
            if self._ending.is_set():
                raise RunError("the stack is stopping")
            self._launches[component.name] = launch
            self._running[component.name] = launch(component)

    def pid(self, name: str) -> int:
        """Return the process id of a component."""
        with self._lock:
            return self._running[name].pid

    def check(self) -> None:
        """Raise `RunError` if a component has failed more often than its `restarts`."""
        if self.failure:
            raise RunError(self.failure)

    def end(self) -> None:
        """Terminate all processes, with SIGTERM and then SIGKILL, and wait for their end.

        Raises:
            RunError: Processes survived SIGKILL.
        """
        self._ending.set()
        with self._lock:
            running = list(self._running.values())
            for process in running:
                process.signal_group(signal.SIGTERM)
            self._wait_for(running)
            self._running.clear()
        left = terminate_marked(self._mark, grace=0.5)
        if self._guardian.stdin:
            self._guardian.stdin.close()
        self._guardian.wait()
        self._ended.set()
        if self._watcher.is_alive() and threading.current_thread() is not self._watcher:
            self._watcher.join(timeout=5)
        if left:
            raise RunError(f"could not terminate processes {sorted(left)}: stop them by hand")

    def _wait_for(self, running: list[RunningProcess]) -> None:
        since = time.monotonic()
        for process in sorted(running, key=lambda process: process.component.grace):
            if not process.wait(since + process.component.grace - time.monotonic()):
                process.signal_group(signal.SIGKILL)
                process.wait(5.0)

    def _watch(self) -> None:
        while not self._ending.wait(CHECK_INTERVAL):
            with self._lock:
                for process in list(self._running.values()):
                    if process.ended and not self._ending.is_set():
                        self._restart(process)
        # The kernel terminates the processes that this thread has started as soon as it ends.
        self._ended.wait()

    def _restart(self, ended: RunningProcess) -> None:
        component, now = ended.component, time.monotonic()
        ended.signal_group(signal.SIGKILL)  # its children would disturb the next process
        failures = self._failures.get(component.name, [])
        recent = [failed for failed in failures if now - failed < self._restart_window]
        self._failures[component.name] = [*recent, now]
        event = f"{component.name} ended ({ended.exit_description})"
        if len(recent) >= component.restarts:
            del self._running[component.name]
            times = f" for the {len(recent) + 1}th time" if recent else ""
            self.failure = f"{event}{times}; its log is {component.log}:\n{tail(component.log)}"
            self._tell(f"{event}{times}: it is not restarted again")
            return
        self._tell(f"{event}: restarting it; its log is {component.log}")
        try:
            self._running[component.name] = self._launches[component.name](component)
        except (RunError, OSError) as error:  # the next look finds it ended, and tries again
            self._tell(f"{component.name} could not be restarted: {error}")

    def _tell(self, line: str) -> None:
        """Report an event. If nobody reads the output, supervision goes on."""
        with contextlib.suppress(OSError, SystemExit):  # rich exits if the reader has gone
            self._report(line)


def _start_guardian(mark: str) -> subprocess.Popen[bytes]:
    """Start the process that terminates the stack if this process is killed."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", process_marks.__file__, mark],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )

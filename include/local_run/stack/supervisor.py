"""Keeps components running, and ends them so that none is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from include.local_run.errors import RunError
from include.local_run.stack import marked
from include.local_run.stack.component import Component, Running, tail
from include.local_run.stack.marked import end_marked

Report = Callable[[str], None]
CHECK_EVERY = 0.5
FORGIVEN_AFTER = 600.0


class Supervisor:
    """Starts components, restarts those that die, ends all of them on leaving its context.

    Components must carry `mark` in their environment (`marks()`): it is how children that left
    their process group are found. Should the supervising process be killed, the kernel signals
    the components, and a guardian process ends whatever they leave behind.

    Args:
        mark: What tells this stack's processes from all others.
        report: Called with one line for each event the user should know.
        forgiven_after: Seconds after which a component's death no longer counts against it.
    """

    def __init__(self, mark: str, report: Report, forgiven_after: float = FORGIVEN_AFTER) -> None:
        self.mark = mark
        self.failure: str | None = None
        self._report = report
        self._forgiven_after = forgiven_after
        self._running: dict[str, Running] = {}
        self._deaths: dict[str, list[float]] = {}
        self._changing = threading.RLock()
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def marks(self) -> dict[str, str]:
        """The environment variables every component needs."""
        return marked.marks(self.mark)

    def __enter__(self) -> Supervisor:
        end_marked(self.mark, grace=5.0)  # what a killed machine or guardian may have left
        self._guardian = _start_guardian(self.mark)
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def start(self, component: Component) -> None:
        """Starts a component; from now on it is watched."""
        with self._changing:
            if self._ending.is_set():
                raise RunError("the stack is ending")
            self._running[component.name] = Running(component)

    def pid(self, name: str) -> int:
        """The process id of a component, as long as it lives."""
        with self._changing:
            return self._running[name].process.pid

    def check(self) -> None:
        """Raises the failure of a component that could not be kept running."""
        if self.failure:
            raise RunError(self.failure)

    def end(self) -> None:
        """Ends everything, politely, then by force; returns when nothing is left.

        Raises:
            RunError: Something survived being killed.
        """
        self._ending.set()
        with self._changing:
            running = list(self._running.values())
            for one in running:
                one.signal_group(signal.SIGTERM)
            self._wait_for(running)
            self._running.clear()
        left = end_marked(self.mark, grace=0.5)
        if self._guardian.stdin:
            self._guardian.stdin.close()
        self._guardian.wait()
        if self._watcher.is_alive() and threading.current_thread() is not self._watcher:
            self._watcher.join(timeout=5)
        if left:
            raise RunError(f"these processes could not be ended: {sorted(left)}; end them by hand")

    def _wait_for(self, running: list[Running]) -> None:
        asked = time.monotonic()
        for one in sorted(running, key=lambda one: one.component.grace):
            if not one.wait(asked + one.component.grace - time.monotonic()):
                one.signal_group(signal.SIGKILL)
                one.wait(5.0)

    def _watch(self) -> None:
        while not self._ending.wait(CHECK_EVERY):
            with self._changing:
                if self._ending.is_set():
                    return
                for one in list(self._running.values()):
                    if one.ended:
                        self._revive(one)

    def _revive(self, dead: Running) -> None:
        component, now = dead.component, time.monotonic()
        dead.signal_group(signal.SIGKILL)  # children of a dead component would disturb the next
        recent = [t for t in self._deaths.get(component.name, []) if now - t < self._forgiven_after]
        self._deaths[component.name] = [*recent, now]
        what = f"{component.name} ended ({dead.how_it_ended})"
        if len(recent) >= component.restarts:
            del self._running[component.name]
            times = f" for the {len(recent) + 1}th time" if recent else ""
            self.failure = f"{what}{times}; its log is {component.log}:\n{tail(component.log)}"
            self._report(f"{what}{times}: giving up on it")
            return
        self._report(f"{what}: starting it again; its log is {component.log}")
        self._running[component.name] = Running(component)


def _start_guardian(mark: str) -> subprocess.Popen[bytes]:
    """Starts what ends the stack when this process is killed: see `marked.main`."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", marked.__file__, mark],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )

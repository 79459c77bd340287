"""Failed processes are restarted, and none is left, however the supervisor ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from include.local_run.errors import RunError
from include.local_run.project_paths import PROJECT
from include.local_run.stack import process_marks
from include.local_run.stack.component import Component, ExecutedProcess
from include.local_run.stack.process_marks import VARIABLE, find_marked, wait_until_gone
from include.local_run.stack.supervisor import Supervisor

# Like Airflow's tasks: a child in its own session, whose parent may be killed first.
FAMILY = """
import subprocess, sys, time
child = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(child, start_new_session=True)
print("family complete", flush=True)
time.sleep(600)
"""
IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
)


def _component(folder: Path, mark: dict[str, str], code: str, **more: float) -> Component:
    return Component(
        name="fake",
        command=(sys.executable, "-c", code),
        environment={**os.environ, **mark},
        folder=folder,
        log=folder / "fake.log",
        restarts=int(more.get("restarts", 3)),
        grace=more.get("grace", 5.0),
    )


def _until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_children_that_left_the_process_group_are_terminated(tmp_path: Path) -> None:
    mark = str(tmp_path)
    with Supervisor(tmp_path, print) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), FAMILY))
        _until(lambda: b"complete" in (tmp_path / "fake.log").read_bytes())
        assert len(find_marked(mark)) == 2
    assert not find_marked(mark)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    with Supervisor(tmp_path, print) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), IGNORES_SIGTERM, grace=0.3))
        time.sleep(0.3)
    assert not find_marked(str(tmp_path))


def test_a_restart_that_fails_is_tried_again(tmp_path: Path) -> None:
    """A fork server may end while it starts; then the other components must still be watched."""
    attempts: list[str] = []
    events: list[str] = []

    def launch(component: Component) -> ExecutedProcess:
        attempts.append(component.name)
        if len(attempts) == 2:
            raise RunError("the fork server ended")
        return ExecutedProcess(component)

    with Supervisor(tmp_path, events.append) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), FAMILY), launch)
        os.kill(supervisor.pid("fake"), signal.SIGKILL)
        _until(lambda: len(attempts) == 3)
        supervisor.check()
    assert "fake could not be restarted: the fork server ended" in events
    assert not find_marked(str(tmp_path))


def test_restarts_that_fail_are_counted(tmp_path: Path) -> None:
    first = iter([ExecutedProcess])

    def launch(component: Component) -> ExecutedProcess:
        if start := next(first, None):
            return start(component)
        raise OSError("cannot allocate memory")

    with Supervisor(tmp_path, lambda event: None) as supervisor:
        component = _component(tmp_path, supervisor.marks(), FAMILY, restarts=2)
        supervisor.start(component, launch)
        os.kill(supervisor.pid("fake"), signal.SIGKILL)
        _until(lambda: supervisor.failure is not None)
        with pytest.raises(RunError, match="for the 3th time"):
            supervisor.check()


def test_a_killed_component_is_restarted_and_reported(tmp_path: Path) -> None:
    events: list[str] = []
    with Supervisor(tmp_path, events.append) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), FAMILY))
        _until(lambda: (tmp_path / "fake.log").read_bytes().count(b"complete") == 1)
        first = supervisor.pid("fake")
        os.kill(first, signal.SIGKILL)
        _until(lambda: (tmp_path / "fake.log").read_bytes().count(b"complete") == 2)
        supervisor.check()
    assert "fake ended (killed by SIGKILL): restarting it" in events[0]
    assert not find_marked(str(tmp_path))


def test_restarts_outside_the_window_are_not_counted(tmp_path: Path) -> None:
    """The kill matrix kills components again and again, and each must be restarted."""
    events: list[str] = []
    with Supervisor(tmp_path, events.append, restart_window=0.0) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), "pass", restarts=1))
        _until(lambda: len(events) >= 3, 20.0)
        supervisor.check()
    assert all("restarting it" in line for line in events)


def test_a_component_that_keeps_failing_fails_the_stack(tmp_path: Path) -> None:
    with Supervisor(tmp_path, print) as supervisor:
        code = "import sys; sys.exit('no such table: dag')"
        supervisor.start(_component(tmp_path, supervisor.marks(), code, restarts=1))
        _until(lambda: supervisor.failure is not None)
        with pytest.raises(
            RunError, match=r"fake ended \(exit status 1\) for the 2th time"
        ) as error:
            supervisor.check()
    assert "no such table: dag" in str(error.value)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_a_killed_supervisor(tmp_path: Path, number: signal.Signals) -> None:
    """Protects from processes of a `make run` that was killed and could not clean up."""
    script = tmp_path / "supervise.py"
    script.write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from include.local_run.stack.component import Component\n"
        "from include.local_run.stack.supervisor import Supervisor\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "with Supervisor(folder, print) as s:\n"
        f"    s.start(Component('fake', (sys.executable, '-c', {FAMILY!r}),\n"
        "        {**os.environ, **s.marks()}, folder, folder / 'fake.log'))\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    supervisor = subprocess.Popen([sys.executable, str(script)], env=environment, cwd=PROJECT)
    log = tmp_path / "fake.log"
    _until(lambda: log.exists() and b"complete" in log.read_bytes())
    supervisor.send_signal(number)
    supervisor.wait()
    assert wait_until_gone(str(tmp_path), 15)


def test_processes_of_an_earlier_stack_are_terminated_first(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, print)
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env={**os.environ, **supervisor.marks()},
    )
    _until(lambda: left.pid in find_marked(str(tmp_path)))
    with supervisor:
        assert left.wait(timeout=5) != 0


def test_the_guardian_of_an_earlier_stack_leaves_the_next_one_alone(tmp_path: Path) -> None:
    """It may still be waiting for a process of its own stack."""
    earlier = Supervisor(tmp_path, print)
    (mark,) = (value for name, value in earlier.marks().items() if name == VARIABLE)
    with Supervisor(tmp_path, print) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), FAMILY))
        _until(lambda: b"complete" in (tmp_path / "fake.log").read_bytes())
        subprocess.run([sys.executable, process_marks.__file__, mark], input=b"", check=True)
        assert len(find_marked(str(tmp_path))) == 2


@pytest.mark.parametrize("error", [BrokenPipeError(), SystemExit(1)])
def test_supervision_goes_on_if_nobody_reads_the_output(
    tmp_path: Path, error: BaseException
) -> None:
    """The console exits if its reader has gone, as in `make run | tee log` without tee."""

    def report(_: str) -> None:
        raise error

    with Supervisor(tmp_path, report) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), FAMILY))
        for starts in (1, 2):
            _until(lambda: (tmp_path / "fake.log").read_bytes().count(b"complete") == starts)  # noqa: B023
            os.kill(supervisor.pid("fake"), signal.SIGKILL)
        _until(lambda: (tmp_path / "fake.log").read_bytes().count(b"complete") == 3)


def test_a_process_that_renames_itself_keeps_its_mark(tmp_path: Path) -> None:
    """Protects the search from setproctitle, which overwrites what /proc shows."""
    renamed = "import setproctitle, time; setproctitle.setproctitle('x' * 5000); time.sleep(600)"
    with Supervisor(tmp_path, print) as supervisor:
        supervisor.start(_component(tmp_path, supervisor.marks(), renamed))
        time.sleep(1.0)
        assert len(find_marked(str(tmp_path))) == 1

"""A child ends on request, and never outlives the process that started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from include.local_aws.processes.child import Child
from tests.waiting import LONG


def _child(tmp_path: Path, code: str) -> Child:
    return Child(
        [sys.executable, "-c", code],
        environment={"PATH": os.environ["PATH"]},
        directory=tmp_path,
        log=tmp_path / "log",
    )


def _lines(tmp_path: Path) -> list[str]:
    return [line.partition(" ")[2] for line in (tmp_path / "log").read_text().splitlines()]


def _await_lines(tmp_path: Path, count: int) -> list[str]:
    deadline = time.monotonic() + LONG
    while not (tmp_path / "log").exists() or len(_lines(tmp_path)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return _lines(tmp_path)


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_each_line_is_logged_with_its_time(tmp_path: Path) -> None:
    child = _child(
        tmp_path, "import sys; print('a'); print('b', file=sys.stderr); print('end', end='')"
    )
    before = time.time() * 1000
    assert child.wait(10) == 0
    child.kill()
    assert sorted(_lines(tmp_path)) == ["a", "b", "end"]
    stamp = int((tmp_path / "log").read_text().split()[0])
    assert before - 1000 < stamp < time.time() * 1000 + 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [("raise SystemExit(5)", 5), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_exit_code_is_the_programs(tmp_path: Path, code: str, expected: int) -> None:
    child = _child(tmp_path, code)
    assert child.wait(10) == expected
    child.kill()


def test_a_missing_program(tmp_path: Path) -> None:
    child = Child(["/no/such"], environment={}, directory=tmp_path, log=tmp_path / "log")
    assert child.wait(10) == 127
    child.kill()
    assert _lines(tmp_path) == ["cannot start /no/such: No such file or directory"]


def test_terminate_sends_sigterm_to_the_program(tmp_path: Path) -> None:
    child = _child(
        tmp_path,
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
        "print('up', flush=True); signal.pause()",
    )
    _await_lines(tmp_path, 1)
    child.terminate()
    assert child.wait(10) == 9
    child.kill()


_FAMILY = """
import os, subprocess, sys, time, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
other = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(os.getpid(), other.pid, flush=True)
time.sleep(600)
"""


def test_kill_terminates_the_program_and_its_descendants(tmp_path: Path) -> None:
    child = _child(tmp_path, _FAMILY)
    pids = [int(pid) for pid in _await_lines(tmp_path, 1)[0].split()]
    assert all(_runs(pid) for pid in pids)
    child.stop(grace=0.1)
    assert not any(_runs(pid) for pid in pids)


def test_all_processes_end_if_the_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from pathlib import Path\n"
            "from include.local_aws.processes.child import Child\n"
            "root = Path(sys.argv[1])\n"
            "Child([sys.executable, '-c', sys.argv[2]], environment={'PATH': '/usr/bin:/bin'},"
            " directory=root, log=root / 'log')\n"
            "time.sleep(600)",
            str(tmp_path),
            _FAMILY,
        ]
    )
    pids = [int(pid) for pid in _await_lines(tmp_path, 1)[0].split()]
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + LONG
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)

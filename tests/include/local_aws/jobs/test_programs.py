"""The programs of several instances end together, even if they ignore SIGTERM."""

import os
import sys
import time
from pathlib import Path

import pytest

from include.local_aws.containers.container import Container
from include.local_aws.jobs.programs import Program, Programs
from include.local_aws.processes.isolation import Isolation
from tests.waiting import LONG

DEAF = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); "
    "time.sleep(60)"
)


def test_after_the_grace_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    programs = _start(tmp_path, DEAF, DEAF)
    for host in ("algo-1", "algo-2"):
        _await(tmp_path / f"{host}.log")
    began = time.monotonic()
    programs.stop(grace=0.5, hurry=lambda: False)
    assert 0.5 <= time.monotonic() - began < 5
    ended = programs.wait()
    assert ended is not None
    assert ended.code == 137


def test_the_exit_is_the_first_failure_or_the_first_program(tmp_path: Path) -> None:
    programs = _start(tmp_path, "raise SystemExit(0)", "import time; time.sleep(0.5)")
    while (ended := programs.wait()) is None:
        continue
    assert (ended.container.host, ended.code) == ("algo-1", 0)
    programs.kill()
    failing = _start(tmp_path, DEAF, "raise SystemExit(3)")
    while (ended := failing.wait()) is None:
        continue
    assert (ended.container.host, ended.code) == ("algo-2", 3)
    failing.kill()


def test_if_a_program_cannot_start_the_earlier_ones_are_ended(tmp_path: Path) -> None:
    before = _children()
    *_, second = Container.for_hosts(tmp_path, 2)
    with pytest.raises(FileNotFoundError):
        _start(tmp_path, DEAF, DEAF, gone=second)
    assert _children() == before


def _start(folder: Path, *codes: str, gone: Container | None = None) -> Programs:
    programs = []
    for container, code in zip(Container.for_hosts(folder, len(codes)), codes, strict=True):
        if container != gone:
            container.make()
        log = folder / f"{container.host}.log"
        programs.append(Program(container, [sys.executable, "-c", code], {}, log))
    return Programs(programs, Isolation())


def _children() -> str:
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()


def _await(log: Path) -> None:
    deadline = time.monotonic() + LONG
    while not (log.is_file() and b"deaf" in log.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.02)

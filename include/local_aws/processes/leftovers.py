"""Processes of a killed server, which normally end a moment after it."""

import contextlib
import os
import signal
import time
from pathlib import Path

_GRACE = 5.0  # seconds


def terminate_leftovers(root: Path, grace: float = _GRACE) -> None:
    """Wait until no process of an earlier server of this state folder runs.

    After `grace` seconds the processes are killed, so that no job runs twice and no process
    writes to folders that are cleaned up. The caller must hold the lock of the folder.
    """
    deadline = time.monotonic() + grace
    while left := find_leftovers(root):
        if time.monotonic() > deadline:
            for pid in left:
                _kill(pid, root)
        time.sleep(0.02)


def find_leftovers(root: Path) -> list[int]:
    """Return the ids of processes whose environment or command line names this state folder."""
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [pid for pid in pids if pid != os.getpid() and _belongs(pid, root)]


def _belongs(pid: int, root: Path) -> bool:
    base = f"SAGEMAKER_BASE_DIR={root}/work/".encode()
    data = f"-dir={root}/s3/data".encode()
    environment = _words(pid, "environ")
    return any(word.startswith(base) for word in environment) or data in _words(pid, "cmdline")


def _words(pid: int, file: str) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes().split(b"\0")
    except OSError:  # it has ended, or belongs to another user
        return []


def _kill(pid: int, root: Path) -> None:
    """Kill a process, unless its id has been reused meanwhile."""
    with contextlib.suppress(ProcessLookupError), open(os.pidfd_open(pid)) as process:
        if _belongs(pid, root):
            signal.pidfd_send_signal(process.fileno(), signal.SIGKILL)

"""What the children of a killed server left: they die by themselves, a moment after it."""

import contextlib
import os
import signal
import time
from pathlib import Path

_MOMENT = 5.0  # seconds


def end_leftovers(root: Path, moment: float = _MOMENT) -> None:
    """Return when no job, endpoint or SeaweedFS of an earlier server of this folder runs.

    What does not end by itself in `moment` seconds is killed: so nothing runs twice, and
    nothing writes to what is about to be cleaned. Call it only while the folder is held.
    """
    deadline = time.monotonic() + moment
    while left := leftovers(root):
        if time.monotonic() > deadline:
            for pid in left:
                _kill(pid, root)
        time.sleep(0.02)


def leftovers(root: Path) -> list[int]:
    """The processes that were started for this folder, told by what they were told."""
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [pid for pid in pids if pid != os.getpid() and _belongs(pid, root)]


def _belongs(pid: int, root: Path) -> bool:
    base = f"SAGEMAKER_BASE_DIR={root}/work/".encode()
    data = f"-dir={root}/s3/data".encode()
    environment = _words(pid, "environ")
    return any(w.startswith(base) for w in environment) or data in _words(pid, "cmdline")


def _words(pid: int, file: str) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is someone else's
        return []


def _kill(pid: int, root: Path) -> None:
    """Kill a process unless its number is another's by now."""
    with contextlib.suppress(ProcessLookupError), open(os.pidfd_open(pid)) as process:
        if _belongs(pid, root):
            signal.pidfd_send_signal(process.fileno(), signal.SIGKILL)

"""Finds and ends every process that belongs to a stack, wherever it moved to.

Run as a script, `python -I -S marked.py MARK`, it is a stack's guardian: see `main`.

Airflow's tasks leave their component's process group, and a process whose parent was killed
belongs to nobody. So everything the stack starts carries a mark in its environment, which
children inherit and /proc shows. (`setproctitle`, which Airflow uses, would overwrite what /proc
shows, unless SPT_NOENV forbids it.)
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "IMAGE_CLASSIFIER_STACK"
GUARDIANS_GRACE = 10.0


def marks(mark: str) -> dict[str, str]:
    """The variables that mark a process and keep the mark visible."""
    return {VARIABLE: mark, "SPT_NOENV": "1"}


def marked(mark: str) -> set[int]:
    """The ids of all living processes with this mark, without the calling one."""
    needle = f"{VARIABLE}={mark}".encode()
    found = set()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes()
            if needle in environment.split(b"\0") and not _is_zombie(folder):
                found.add(int(folder.name))
        except OSError:
            continue  # ended meanwhile, or someone else's
    return found


def end_marked(mark: str, grace: float) -> set[int]:
    """Asks all processes with this mark to end, and kills them after `grace` seconds.

    Returns:
        What is still alive a moment after being killed: empty, unless the kernel holds it.
    """
    send(marked(mark), signal.SIGTERM)
    if wait_until_gone(mark, grace):
        return set()
    for _ in range(5):  # a process may have been forking while the others were killed
        send(marked(mark), signal.SIGKILL)
        if wait_until_gone(mark, 1.0):
            return set()
    return marked(mark)


def wait_until_gone(mark: str, seconds: float) -> bool:
    """Whether no process with this mark is left within the time."""
    deadline = time.monotonic() + seconds
    while marked(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Sends a signal to those of the processes that still exist."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _is_zombie(folder: Path) -> bool:
    return (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def main() -> None:
    """Waits for the end of standard input, then ends what has the mark.

    The kernel brings that end about however the supervisor dies, who holds the other end. When
    the supervisor has ended everything itself, nothing is left to do here.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_marked(sys.argv[1], GUARDIANS_GRACE)


if __name__ == "__main__":
    main()

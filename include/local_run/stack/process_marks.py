"""Find and terminate all processes of a stack by an environment variable, the mark.

Process groups are not enough: Airflow's tasks leave the group of their component, and processes
whose parent was killed have no parent left. All processes of the stack inherit the mark, and
/proc shows it. (Airflow uses `setproctitle`, which would overwrite the environment in /proc
without SPT_NOENV.)

A mark is the folder of the stack's state and an id of this stack, after a colon. The folder alone
matches every stack of the folder, that of an earlier run among them.

Run as a script, `python -I -S process_marks.py MARK`, the module is the guardian of a stack, see
`main`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "IMAGE_CLASSIFIER_STACK"
GUARDIAN_GRACE = 10.0


def new_mark(folder: Path) -> str:
    """Return a mark for a new stack with its state in this folder."""
    return f"{folder}:{os.urandom(8).hex()}"


def mark_variables(mark: str) -> dict[str, str]:
    """Return the environment variables that mark a process."""
    return {VARIABLE: mark, "SPT_NOENV": "1"}


def find_marked(mark: str) -> set[int]:
    """Return the ids of all running processes with this mark, except the calling process.

    Args:
        mark: A mark, or a folder for all marks of the folder.
    """
    variable = f"{VARIABLE}={mark}".encode()
    found = set()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            is_marked = any(
                entry == variable or entry.startswith(variable + b":") for entry in environment
            )
            if is_marked and not _is_zombie(folder):
                found.add(int(folder.name))
        except OSError:
            continue  # it ended meanwhile, or belongs to another user
    return found


def terminate_marked(mark: str, grace: float) -> set[int]:
    """Send SIGTERM to all processes with this mark, and SIGKILL after `grace` seconds.

    Returns:
        The ids of processes that survive SIGKILL; normally empty.
    """
    send_signal(find_marked(mark), signal.SIGTERM)
    if wait_until_gone(mark, grace):
        return set()
    for _ in range(5):  # a process may fork while the others are killed
        send_signal(find_marked(mark), signal.SIGKILL)
        if wait_until_gone(mark, 1.0):
            return set()
    return find_marked(mark)


def wait_until_gone(mark: str, seconds: float) -> bool:
    """Wait at most `seconds` for all processes with this mark; return whether they ended."""
    deadline = time.monotonic() + seconds
    while find_marked(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def send_signal(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to the processes that still exist."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _is_zombie(folder: Path) -> bool:
    return (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def main() -> None:
    """Wait for the end of standard input, then terminate all processes with the mark.

    The supervisor holds the other end of the pipe, which the kernel closes however the supervisor
    ends. If the supervisor has terminated all processes itself, none is left.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    terminate_marked(sys.argv[1], GUARDIAN_GRACE)


if __name__ == "__main__":
    main()

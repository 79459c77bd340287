"""Process trees of this server's children, and their memory."""

import contextlib
import os
import re
import signal
from collections.abc import Iterable
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def below_children() -> list[tuple[Path, list[int]]]:
    """Return the working directory and the descendants of each child of this process."""
    children = _children()
    found = []
    for child in children.get(os.getpid(), []):
        with contextlib.suppress(OSError):  # the process has ended
            found.append((Path(f"/proc/{child}/cwd").readlink(), _below(child, children)))
    return found


def resident(pid: int) -> int:
    """Return the resident set size of a process in bytes (RSS); 0 if it has ended."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


def proportional(pid: int) -> int:
    """Return the proportional set size in bytes (PSS), which divides shared memory; slow."""
    with contextlib.suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def kill(pids: Iterable[int]) -> None:
    """Kill processes; those that have ended are ignored."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{entry}/stat").read_bytes()
                parent = int(stat.rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry))
    return children


def _below(pid: int, children: dict[int, list[int]]) -> list[int]:
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found

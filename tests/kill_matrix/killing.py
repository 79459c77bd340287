"""The processes to kill, and killing them by SIGKILL."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.kill_matrix.scene import Scene
from tests.kill_matrix.stack import WORKER, KillableStack


@dataclass(frozen=True)
class Victim:
    """A process to kill.

    Attributes:
        description: Its description in the table.
        component: The component that must be running again afterwards; None for a task's process.
        pid: Returns the process's id, or None if it does not run.
    """

    description: str
    component: str | None
    pid: Callable[[KillableStack, Scene], int | None]


def task_process(task: str) -> Victim:
    """Return the process of a task's current try; its worker is not killed."""
    return Victim(f"task process of `{task}`", None, lambda stack, scene: running_pid(scene, task))


def component(name: str) -> Victim:
    """Return a component of the stack; the worker is killed with all its processes."""
    return Victim(name, name, lambda stack, scene: stack.pid(name))


def running_pid(scene: Scene, task: str) -> int | None:
    """Return the process of a task's current try, or None if it does not run."""
    found = scene.database.tasks(scene.run).get(task)
    return found.pid if found and found.state == "running" else None


@contextmanager
def paused(pid: int | None) -> Iterator[None]:
    """Stop a process meanwhile, so that it cannot go on between a look at its work and its kill."""
    if pid is None:
        yield
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def kill(pid: int, with_children: bool) -> None:
    """Kill a process, optionally with all its descendants.

    Raises:
        ProcessLookupError: The process had ended by itself.
    """
    family = [pid, *descendants(pid)] if with_children else [pid]
    os.kill(family[0], signal.SIGKILL)
    for child in family[1:]:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def includes_descendants(victim: Victim) -> bool:
    """Return whether the victim's descendants are killed, too, as in a killed container."""
    return victim.component == WORKER


def descendants(pid: int) -> list[int]:
    """Return the ids of all descendants of a process, in any session or process group."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, pending = [], [pid]
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += below
    return found

"""Who is killed, and how: SIGKILL, so that nobody can say goodbye."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.kill_matrix.scene import Scene
from tests.kill_matrix.stack import WORKER, KillableStack


@dataclass(frozen=True)
class Victim:
    """What is killed.

    Attributes:
        words: What the table says of it.
        component: The component that must come back afterwards; None for a task's process.
        pid: Finds its process.
    """

    words: str
    component: str | None
    pid: Callable[[KillableStack, Scene], int | None]


def task_process(task: str) -> Victim:
    """The process of a task's try; its worker lives on."""

    def pid(stack: KillableStack, scene: Scene) -> int | None:
        found = scene.database.tasks(scene.run)[task]
        return found.pid if found.state == "running" else None

    return Victim(f"task process of `{task}`", None, pid)


def component(name: str) -> Victim:
    """A component, the worker with all its processes."""
    return Victim(name, name, lambda stack, scene: stack.pid(name))


def kill(pid: int, with_children: bool) -> None:
    """Kills a process, and its children's children before they notice, where that is asked for.

    Raises:
        ProcessLookupError: It had ended by itself.
    """
    family = [pid, *descendants(pid)] if with_children else [pid]
    os.kill(family[0], signal.SIGKILL)
    for child in family[1:]:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def strikes_all(victim: Victim) -> bool:
    """Whether the victim's children die with it, as in a container that is killed."""
    return victim.component == WORKER


def descendants(pid: int) -> list[int]:
    """All processes below one, in whatever session or group they are."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, asked = [], [pid]
    while asked:
        below = children.get(asked.pop(), [])
        found += below
        asked += below
    return found

"""What the server has acknowledged, kept where no kill of it reaches."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Versions:
    """The versions of one thing that is written again and again by one thread.

    After a kill it has what was acknowledged last, or what was tried and not acknowledged.
    """

    acknowledged: int = 0
    tried: int = 0

    @contextmanager
    def next(self) -> Iterator[int]:
        """The version to write; it counts as acknowledged when nothing was raised."""
        self.tried += 1
        yield self.tried
        self.acknowledged = self.tried

    def settle(self, found: int | None) -> str:
        """Go on from what was found; returns what is wrong with it, if anything is."""
        wanted = {self.acknowledged, self.tried}
        if found not in wanted:
            return f"has version {found}, not one of {sorted(wanted)}"
        self.acknowledged = found
        return ""


@dataclass
class Job:
    """A job whose creation was acknowledged."""

    kind: str
    name: str
    stop_tried: bool = False
    stop_acknowledged: bool = False
    end: tuple[str, str] | None = None
    """Its status and time of end, once they were seen: they never change."""


@dataclass
class Acknowledged:
    """All of it; safe to use from any thread."""

    objects: dict[str, Versions] = field(default_factory=dict)
    tags: dict[str, Versions] = field(default_factory=dict)
    endpoint: Versions = field(default_factory=Versions)
    jobs: dict[str, Job] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Count an acknowledged call."""
        with self.lock:
            self.counts[what] += 1

    def violated(self, what: str) -> None:
        """Remember that something is not as it must be, once."""
        with self.lock:
            if what not in self.violations:
                self.violations.append(what)

    def add(self, job: Job) -> None:
        """Remember a job."""
        with self.lock:
            self.jobs[job.name] = job

    def unfinished(self) -> list[Job]:
        """The jobs whose end was not seen yet."""
        with self.lock:
            return [job for job in self.jobs.values() if job.end is None]


def content(key: str, version: int) -> bytes:
    """An object's content, which tells its version; of 20 bytes to 200 kB."""
    size = random.Random(f"{key} {version}").choice((1, 100, 10_000))
    return f"{version:08} {key} ".encode() * size

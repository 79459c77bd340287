"""Record of what the server has acknowledged, kept in the test's process."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Versions:
    """Versions of a resource that a single thread writes repeatedly.

    After a kill the resource must have the last acknowledged version, or the last attempted one.

    Attributes:
        acknowledged: The last version whose write succeeded; 0 before the first write.
        attempted: The last version that was sent.
    """

    acknowledged: int = 0
    attempted: int = 0

    @contextmanager
    def write_next(self) -> Iterator[int]:
        """Yield the version to write; it is acknowledged if the block raises no error."""
        self.attempted += 1
        yield self.attempted
        self.acknowledged = self.attempted

    def reconcile(self, found: int | None) -> str:
        """Continue from the version that was found after a kill.

        Args:
            found: The version, 0 if the resource does not exist, or None if it is unreadable.

        Returns:
            What is wrong with the version, or "".
        """
        allowed = {self.acknowledged, self.attempted}
        if found not in allowed:
            return f"has version {found}, not one of {sorted(allowed)}"
        self.acknowledged = found
        return ""


@dataclass
class Job:
    """A job whose creation was acknowledged.

    Attributes:
        kind: "training" or "processing".
        name: The job's name.
        stop_attempted: Whether a stop was requested.
        stop_acknowledged: Whether a stop request succeeded.
        end: The status and time of the job's end once they were observed; they never change.
    """

    kind: str
    name: str
    stop_attempted: bool = False
    stop_acknowledged: bool = False
    end: tuple[str, str] | None = None


@dataclass
class Acknowledged:
    """Acknowledged writes, calls and jobs, and violations found; safe to use from any thread.

    Attributes:
        objects: Versions of S3 objects, by key.
        tags: Versions of the tag `version`, by ARN.
        endpoint: Versions of the endpoint; each update is a version.
        jobs: Jobs by name.
        counts: Acknowledged calls, by their label in the report.
        violations: Descriptions of everything that was found wrong.
        lock: Guards `jobs`, `counts` and `violations`.
    """

    objects: dict[str, Versions] = field(default_factory=dict)
    tags: dict[str, Versions] = field(default_factory=dict)
    endpoint: Versions = field(default_factory=Versions)
    jobs: dict[str, Job] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, label: str) -> None:
        """Count an acknowledged call."""
        with self.lock:
            self.counts[label] += 1

    def add_violation(self, violation: str) -> None:
        """Add a violation, unless it is known already."""
        with self.lock:
            if violation not in self.violations:
                self.violations.append(violation)

    def add_job(self, job: Job) -> None:
        """Add a job whose creation was acknowledged."""
        with self.lock:
            self.jobs[job.name] = job

    def unfinished_jobs(self) -> list[Job]:
        """Return the jobs whose end was not observed yet."""
        with self.lock:
            return [job for job in self.jobs.values() if job.end is None]


def object_content(key: str, version: int) -> bytes:
    """Return the content of an object's version, about 20 bytes to 200 kB.

    The content starts with the version in 8 digits and depends on the arguments only.
    """
    repetitions = random.Random(f"{key} {version}").choice((1, 100, 10_000))
    return f"{version:08} {key} ".encode() * repetitions

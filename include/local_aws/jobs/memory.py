"""What jobs may hold of the machine's memory, and the end of one that holds too much."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from include.local_aws.errors import JobFailure
from include.local_aws.jobs.job import Job
from include.local_aws.processes import trees

_log = logging.getLogger(__name__)
MEGABYTE = 1024 * 1024
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class Memory:
    """The rule: all jobs together may hold `limit` bytes, and each slot has an equal share.

    Nothing is reserved: a job may hold more than its share while there is room. Once all hold
    more than the limit, the job that is furthest above its share is ended, so that a job
    within its share never suffers for another.

    Args:
        limit: bytes.
        slots: how many shares there are.
    """

    def __init__(self, limit: int, slots: int) -> None:
        self._limit = limit
        self._share = limit / slots
        self._slots = slots
        self._held = 0

    def has_room(self, slots: int) -> bool:
        """Whether the shares of so many slots were not held by the jobs at the last look."""
        return self._held + slots * self._share <= self._limit

    def look(self, jobs: Sequence[Job]) -> None:
        """Add up what the jobs hold, and end one if that is more than they may."""
        found = _processes(jobs) if jobs else {}
        held = {job: sum(map(trees.resident, pids)) for job, pids in found.items()}
        if sum(held.values()) > self._limit:  # of shared pages each process counts the whole
            held = {job: sum(map(trees.proportional, pids)) for job, pids in found.items()}
        self._held = sum(held.values())
        if self._held > self._limit:
            worst = max(held, key=lambda job: held[job] - self._share_of(job))
            self._end(worst, held[worst], found[worst])

    def _share_of(self, job: Job) -> float:
        return self._share * min(job.instance_count, self._slots)

    def _end(self, job: Job, held: int, pids: list[int]) -> None:
        job.over_limit = JobFailure(
            "ClientError: Please use an instance type with more memory, or reduce the size of "
            f"job data processed on an instance. The job held {held // MEGABYTE} MB when all jobs "
            f"together held more than the {self._limit // MEGABYTE} MB that they may (--memory)."
        )
        _log.warning("%s %s: %s", job.kind.store, job.name, job.over_limit)
        trees.kill(pids)


def default_limit() -> int:
    """Three quarters of what this machine, or the container around it, has; bytes."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in map(Path, _LIMITS):
        text = file.read_text().strip() if file.exists() else ""
        sizes += [int(text)] if text.isdigit() else []
    return min(sizes) * 3 // 4


def _processes(jobs: Sequence[Job]) -> dict[Job, list[int]]:
    """Each job's processes, told by the directory in which the server started the first."""
    found: dict[Job, list[int]] = {job: [] for job in jobs}
    for directory, pids in trees.below_children():
        for job in jobs:
            if directory.is_relative_to(job.container.directory):
                found[job] += pids
    return found

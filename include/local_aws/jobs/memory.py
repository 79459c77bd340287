"""The memory limit of all jobs, and the end of a job that exceeds its share."""

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
    """The memory limit: all jobs together may hold `limit` bytes, with an equal share per slot.

    No memory is reserved: a job may hold more than its share while there is room. When all jobs
    together hold more than the limit, the job that exceeds its share most is ended. A job within
    its share is never ended.

    Args:
        limit: The limit in bytes.
        slots: The number of shares.
    """

    def __init__(self, limit: int, slots: int) -> None:
        self._limit = limit
        self._share = limit / slots
        self._slots = slots
        self._held = 0

    def has_room(self, slots: int) -> bool:
        """Return whether the shares of `slots` slots were free at the last measurement."""
        return self._held + slots * self._share <= self._limit

    def measure(self, jobs: Sequence[Job]) -> None:
        """Measure the jobs' memory, and end one job if they exceed the limit."""
        found = _processes(jobs) if jobs else {}
        held = {job: sum(map(trees.resident, pids)) for job, pids in found.items()}
        if sum(held.values()) > self._limit:  # this counts shared pages once for each process
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
    """Return three quarters of the memory of this computer or its container, in bytes."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in map(Path, _LIMITS):
        text = file.read_text().strip() if file.exists() else ""
        sizes += [int(text)] if text.isdigit() else []
    return min(sizes) * 3 // 4


def _processes(jobs: Sequence[Job]) -> dict[Job, list[int]]:
    """Return each job's process IDs, found by the directory in which the server started them."""
    found: dict[Job, list[int]] = {job: [] for job in jobs}
    for directory, pids in trees.below_children():
        for job in jobs:
            if directory.is_relative_to(job.container.directory):
                found[job] += pids
    return found

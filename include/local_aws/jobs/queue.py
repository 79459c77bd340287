"""The job queue: jobs wait for slots and memory, in the order of their creation."""

import threading
from collections import deque

from include.local_aws.jobs.job import Job
from include.local_aws.jobs.kinds import JobKind
from include.local_aws.jobs.memory import Memory

_POLL = 0.5  # seconds between measurements of the jobs' memory


class JobQueue:
    """Runs jobs until it is closed.

    A job takes one slot for each of its instances, at most all slots. A job starts when it is the
    first in the queue, its slots are free, and `memory` has room for them. No job overtakes
    another.

    Args:
        slots: The number of instances that run at once.
        memory: The memory that all jobs together may hold.
    """

    def __init__(self, slots: int, memory: Memory) -> None:
        self._slots = slots
        self._memory = memory
        self._waiting: deque[Job] = deque()
        self._running: dict[Job, threading.Thread] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="job-queue")
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Run the job when its turn comes; the job must be in the store."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()

    def stop(self, kind: JobKind, name: str) -> None:
        """Request a job to stop. A job that still waits is stopped on return."""
        with self._changed:
            job = self._found(kind, name)
            waits = job in self._waiting
            if job is not None:
                job.stop_requested.set()
                if waits:
                    self._waiting.remove(job)
                    self._changed.notify()
        if job is not None and waits:
            job.run()  # it checks for the request to stop before it does anything

    def close(self) -> None:
        """Kill the running jobs, drop the waiting ones, and return when no job runs."""
        with self._changed:
            self._closed = True
            running = dict(self._running)
            self._changed.notify()
        self._thread.join()
        for job in running:
            job.server_stopping.set()
        for thread in running.values():
            thread.join()

    def _found(self, kind: JobKind, name: str) -> Job | None:
        live = [*self._waiting, *self._running]
        return next((job for job in live if (job.kind, job.name) == (kind, name)), None)

    def _serve(self) -> None:
        with self._changed:
            while not self._closed:
                self._memory.measure(list(self._running))
                while self._waiting and self._fits(self._waiting[0]):
                    self._start(self._waiting.popleft())
                self._changed.wait(_POLL if self._running else None)

    def _fits(self, job: Job) -> bool:
        free = self._slots - sum(map(self._taken, self._running))
        needed = self._taken(job)
        return needed <= free and (not self._running or self._memory.has_room(needed))

    def _taken(self, job: Job) -> int:
        return min(job.instance_count, self._slots)

    def _start(self, job: Job) -> None:
        thread = threading.Thread(target=self._run, args=(job,), name=f"job-{job.name}")
        self._running[job] = thread
        thread.start()

    def _run(self, job: Job) -> None:
        try:
            job.run()
        finally:
            with self._changed:
                del self._running[job]
                self._changed.notify()

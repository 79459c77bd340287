"""At most N jobs at once; the others wait in the order in which they came."""

import queue
import threading

from include.local_aws.jobs.job import Job
from include.local_aws.jobs.kinds import JobKind


class JobQueue:
    """Runs jobs in `slots` threads of its own until it is closed."""

    def __init__(self, slots: int) -> None:
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._live: dict[tuple[str, str], Job] = {}
        self._running: set[Job] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"job-slot-{slot}") for slot in range(slots)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Run the job as soon as a slot is free. Its intent is in the store already."""
        with self._lock:
            self._live[(job.kind.store, job.name)] = job
        self._waiting.put(job)

    def stop(self, kind: JobKind, name: str) -> None:
        """Ask a job to stop; one that still waits for a slot has stopped on return."""
        with self._lock:
            job = self._live.get((kind.store, name))
            waits = job is not None and job not in self._running
            if job is not None:
                job.stop_requested.set()
                if waits:
                    del self._live[(kind.store, name)]
        if job is not None and waits:
            job.run()  # it finds the request to stop before it does anything

    def close(self) -> None:
        """Kill what runs, forget what waits, and return when every slot is empty."""
        with self._lock:
            self._closed = True
            jobs = list(self._live.values())
        for job in jobs:
            job.server_stopping.set()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while (job := self._waiting.get()) is not None:
            if self._take(job):
                job.run()
            with self._lock:
                self._running.discard(job)
                self._live.pop((job.kind.store, job.name), None)

    def _take(self, job: Job) -> bool:
        """Whether the job is still to be run; it counts as running then."""
        with self._lock:
            wanted = not self._closed and (job.kind.store, job.name) in self._live
            if wanted:
                self._running.add(job)
        return wanted

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
        """Ask a job to stop, if it waits or runs."""
        with self._lock:
            job = self._live.get((kind.store, name))
        if job is not None:
            job.stop_requested.set()

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
            if not self._closed:
                job.run()
            with self._lock:
                self._live.pop((job.kind.store, job.name), None)

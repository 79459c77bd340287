"""The job queue: slots, memory and order."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.local_aws.jobs.kinds import TRAINING
from include.local_aws.jobs.queue import JobQueue
from tests.waiting import LONG


class FakeJob:
    """A job that runs until the test releases it."""

    kind = TRAINING

    def __init__(self, name: str, instances: int = 1) -> None:
        self.name = name
        self.instance_count = instances
        self.stop_requested = threading.Event()
        self.server_stopping = threading.Event()
        self.runs = threading.Event()
        self.ran: list[str] = []

    def run(self) -> None:
        if self.stop_requested.is_set():
            self.ran.append("stopped")
            return
        self.runs.set()
        while not (self.server_stopping.is_set() or self.stop_requested.is_set()):
            time.sleep(0.005)
        self.ran.append("ran")


class FakeMemory:
    """Memory with room for a number of slots besides the running jobs."""

    room = 99

    def measure(self, jobs: list[Any]) -> None:
        return

    def has_room(self, slots: int) -> bool:
        return slots <= self.room


@pytest.fixture
def memory() -> FakeMemory:
    return FakeMemory()


@pytest.fixture
def queue(memory: FakeMemory) -> Iterator[Any]:
    queue: Any = JobQueue(2, memory)  # type: ignore[arg-type]
    yield queue
    queue.close()


def _submit(queue: Any, *instances: int) -> list[FakeJob]:
    jobs = [FakeJob(str(number), count) for number, count in enumerate(instances)]
    for job in jobs:
        queue.submit(job)
    return jobs


def _eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONG
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


def test_a_job_takes_a_slot_for_each_instance_and_jobs_start_in_order(queue: Any) -> None:
    one, two, last = _submit(queue, 1, 2, 1)
    assert one.runs.wait(LONG)
    assert not last.runs.wait(0.1), "small jobs would delay the larger one for ever"
    queue.stop(TRAINING, "0")
    assert two.runs.wait(LONG)
    assert not last.runs.is_set()
    queue.stop(TRAINING, "1")
    assert last.runs.wait(LONG)


def test_a_job_of_more_instances_than_slots_runs_alone(queue: Any) -> None:
    (large, small) = _submit(queue, 8, 1)
    assert large.runs.wait(LONG)
    assert not small.runs.wait(0.1)


def test_a_job_waits_for_memory_unless_nothing_else_runs(queue: Any, memory: FakeMemory) -> None:
    memory.room = 0
    first, second = _submit(queue, 1, 1)
    assert first.runs.wait(LONG)
    assert not second.runs.wait(0.1)
    memory.room = 1
    assert second.runs.wait(LONG), "memory is measured repeatedly"


def test_a_waiting_job_stops_at_once_and_the_next_starts(queue: Any) -> None:
    (_, large, next_one) = _submit(queue, 1, 2, 1)
    queue.stop(TRAINING, "1")
    assert large.ran == ["stopped"]
    assert next_one.runs.wait(LONG)


def test_closing_ends_running_jobs_and_drops_waiting_jobs(
    memory: FakeMemory, tmp_path: Path
) -> None:
    queue: Any = JobQueue(1, memory)  # type: ignore[arg-type]
    first, second = _submit(queue, 1, 1)
    assert first.runs.wait(LONG)
    queue.close()
    assert (first.ran, second.ran) == (["ran"], [])
    assert _eventually(lambda: not any(t.name.startswith("job-") for t in threading.enumerate()))

"""The processes behind one port: how many, with how many threads, and started again when they die.

All accept from one listening socket. What one of them does, or dies of, does not stop the others;
while all are being started again, requests wait in the socket's queue.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from include.image_classification.container import ProgramError, base_dir

_log = logging.getLogger(__name__)
WORKER = "include.image_classification.serving.worker"
COUNT = "SAGEMAKER_MODEL_SERVER_WORKERS"
THREADS_PER_WORKER = 4
"""MXNet gains little from more threads on one batch; more processes gain, and cost memory: up to
2 GB each with the deepest network, a quarter of what machines have for four processors."""

FLAT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1024 * 1024), "MALLOC_ARENA_MAX": "4"}
"""Photos of all sizes leave holes in glibc's heaps, which it keeps: large ones go back at once."""

STOP_SECONDS = 4.8
LONGEST_PAUSE = 30.0
_TICK = 0.1


def plan(processors: int, environment: Mapping[str, str]) -> tuple[int, int]:
    """Return how many workers to start, and how many threads each computes with.

    SAGEMAKER_MODEL_SERVER_WORKERS and OMP_NUM_THREADS decide if they are set.

    Raises:
        ProgramError: one of them is no number from 1.
    """
    count = _number(COUNT, environment) or max(1, processors // THREADS_PER_WORKER)
    threads = _number("OMP_NUM_THREADS", environment) or max(1, processors // count)
    return count, threads


def _number(name: str, environment: Mapping[str, str]) -> int | None:
    text = environment.get(name)
    if not text:
        return None
    if not text.isdecimal() or not int(text):
        raise ProgramError(f"{name} is {text!r}: it must be a whole number from 1")
    return int(text)


@dataclass
class _Worker:
    """One process, when it may be started again, and how often it has died in a row."""

    process: subprocess.Popen[bytes]
    ready: int
    deaths: int = 0
    again_at: float = field(default=0.0)

    def is_ready(self) -> bool:
        """Whether it has begun to answer."""
        try:
            return bool(os.read(self.ready, 1))
        except BlockingIOError:
            return False


class Workers:
    """Keeps so many workers running on a bound socket until it is told to stop."""

    def __init__(self, listening: socket.socket, count: int, threads: int) -> None:
        """Start them."""
        self._listening = listening
        self._environment = {
            **FLAT_MEMORY,
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "OMP_WAIT_POLICY": "PASSIVE",  # spinning would take the processor from the others
            "MXNET_CPU_WORKER_NTHREADS": "1",
            "MXNET_SUBGRAPH_VERBOSE": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, [os.getcwd(), *sys.path])),
        }
        self._workers = [self._start() for _ in range(count)]
        self._answered = False

    def run(self, stop: threading.Event) -> None:
        """Watch them until `stop`; then give what is under way a few seconds, and end them.

        Raises:
            ProgramError: one ended before any had begun to answer.
        """
        try:
            while not stop.wait(_TICK):
                codes = [worker.process.poll() for worker in self._workers]
                self._note_ready()  # after, so that who answered before a death is known
                self._workers = [
                    worker if code is None else self._after(worker, code)
                    for worker, code in zip(self._workers, codes, strict=True)
                ]
        finally:
            self._end()

    def _note_ready(self) -> None:
        for worker in self._workers:
            if worker.is_ready():
                self._answered, worker.deaths = True, 0

    def _after(self, worker: _Worker, code: int) -> _Worker:
        if not self._answered:
            raise ProgramError(_why(code))
        if not worker.again_at:
            worker.deaths += 1
            pause = min(LONGEST_PAUSE, 2.0 ** (worker.deaths - 1) - 1)
            worker.again_at = time.monotonic() + pause
            _log.error("A worker ended with status %d: starting it again in %.0f s", code, pause)
        return worker if time.monotonic() < worker.again_at else self._restart(worker)

    def _restart(self, worker: _Worker) -> _Worker:
        self._close(worker)
        successor = self._start()
        successor.deaths = worker.deaths
        return successor

    def _start(self) -> _Worker:
        ready, theirs = os.pipe()
        os.set_blocking(ready, False)
        listening = self._listening.fileno()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", WORKER, str(listening), str(theirs)],
                env=self._environment,
                stdin=subprocess.PIPE,
                pass_fds=(listening, theirs),
            )
        finally:
            os.close(theirs)
        return _Worker(process, ready)

    def _end(self) -> None:
        self._listening.close()  # or the system would go on accepting what nobody answers
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            self._close(worker)

    def _close(self, worker: _Worker) -> None:
        os.close(worker.ready)
        assert worker.process.stdin is not None
        worker.process.stdin.close()


def _why(code: int) -> str:
    told = base_dir() / "output" / "failure"
    try:
        return told.read_text(encoding="utf-8")
    except OSError:
        return f"the model server ended with status {code} while it loaded the model"

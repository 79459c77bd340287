"""Worker processes: their number, their threads, and restarts after a crash.

All workers accept connections from one socket. A worker that crashes does not affect the others.
While all workers restart, requests wait in the socket's queue.
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

from include.image_classification.container import CommandError, base_dir

_log = logging.getLogger(__name__)
WORKER = "include.image_classification.serving.worker"
COUNT = "SAGEMAKER_MODEL_SERVER_WORKERS"
THREADS_PER_WORKER = 4
"""MXNet gains little from more threads for a batch. More processes gain more, but take up to 2 GB
of memory each with the deepest network."""

MALLOC_SETTINGS = {"MALLOC_MMAP_THRESHOLD_": str(1024 * 1024), "MALLOC_ARENA_MAX": "4"}
"""Photos of different sizes fragment glibc's heaps. With these settings glibc returns the memory of
large photos to the kernel."""

STOP_SECONDS = 4.8
MAX_RESTART_DELAY_SECONDS = 30.0
_POLL_SECONDS = 0.1


def plan_workers(processors: int, environment: Mapping[str, str]) -> tuple[int, int]:
    """Return the number of workers, and the number of threads of each.

    SAGEMAKER_MODEL_SERVER_WORKERS and OMP_NUM_THREADS override the defaults.

    Raises:
        CommandError: One of the variables is not a positive integer.
    """
    count = _number(COUNT, environment) or max(1, processors // THREADS_PER_WORKER)
    threads = _number("OMP_NUM_THREADS", environment) or max(1, processors // count)
    return count, threads


def _number(name: str, environment: Mapping[str, str]) -> int | None:
    text = environment.get(name)
    if not text:
        return None
    if not text.isdecimal() or not int(text):
        raise CommandError(f"{name} is {text!r}: it must be a positive integer")
    return int(text)


@dataclass
class _Worker:
    """A worker process, its crashes in a row, and the time of its next restart."""

    process: subprocess.Popen[bytes]
    ready: int
    crashes: int = 0
    restart_at: float = field(default=0.0)

    def is_ready(self) -> bool:
        """Return whether the worker has started to serve since the last call."""
        try:
            return bool(os.read(self.ready, 1))
        except BlockingIOError:
            return False


class Workers:
    """Keeps a number of workers running on a bound socket."""

    def __init__(self, listening: socket.socket, count: int, threads: int) -> None:
        """Start the workers."""
        self._listening = listening
        self._environment = {
            **MALLOC_SETTINGS,
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "OMP_WAIT_POLICY": "PASSIVE",  # spinning would take processor time from other workers
            "MXNET_CPU_WORKER_NTHREADS": "1",
            "MXNET_SUBGRAPH_VERBOSE": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, [os.getcwd(), *sys.path])),
        }
        self._workers = [self._start() for _ in range(count)]
        self._has_served = False

    def run(self, stop: threading.Event) -> None:
        """Restart crashed workers until `stop`; then wait a few seconds for running requests.

        Raises:
            CommandError: A worker ended before any worker has served.
        """
        try:
            while not stop.wait(_POLL_SECONDS):
                codes = [worker.process.poll() for worker in self._workers]
                self._check_ready()  # after the poll: a worker may have served before it crashed
                self._workers = [
                    worker if code is None else self._handle_crash(worker, code)
                    for worker, code in zip(self._workers, codes, strict=True)
                ]
        finally:
            self._stop()

    def _check_ready(self) -> None:
        for worker in self._workers:
            if worker.is_ready():
                self._has_served, worker.crashes = True, 0

    def _handle_crash(self, worker: _Worker, code: int) -> _Worker:
        if not self._has_served:
            raise CommandError(_failure_reason(code))
        if not worker.restart_at:
            worker.crashes += 1
            delay = min(MAX_RESTART_DELAY_SECONDS, 2.0 ** (worker.crashes - 1) - 1)
            worker.restart_at = time.monotonic() + delay
            _log.error("A worker ended with status %d: restarting it in %.0f s", code, delay)
        return worker if time.monotonic() < worker.restart_at else self._restart(worker)

    def _restart(self, worker: _Worker) -> _Worker:
        self._close(worker)
        successor = self._start()
        successor.crashes = worker.crashes
        return successor

    def _start(self) -> _Worker:
        ready, child_ready = os.pipe()
        os.set_blocking(ready, False)
        listening = self._listening.fileno()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", WORKER, str(listening), str(child_ready)],
                env=self._environment,
                stdin=subprocess.PIPE,
                pass_fds=(listening, child_ready),
            )
        finally:
            os.close(child_ready)
        return _Worker(process, ready)

    def _stop(self) -> None:
        self._listening.close()  # the kernel would still accept connections
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


def _failure_reason(code: int) -> str:
    failure = base_dir() / "output" / "failure"
    try:
        return failure.read_text(encoding="utf-8")
    except OSError:
        return f"the model server ended with status {code} while it loaded the model"

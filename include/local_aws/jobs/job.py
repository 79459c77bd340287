"""The base class of jobs: status, programs and end."""

import functools
import logging
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from include.local_aws.containers.container import Container
from include.local_aws.errors import ApiError, JobFailure
from include.local_aws.jobs.kinds import JobKind
from include.local_aws.jobs.programs import Exit, Program, Programs
from include.local_aws.runtime import Runtime
from include.local_aws.store import Body

_log = logging.getLogger(__name__)
STOP_GRACE = 120.0  # seconds from SIGTERM to SIGKILL, as on SageMaker
FULL = 256 << 20  # bytes: with less free space the disk counts as full, for SeaweedFS, too
_RETRY_DELAY = 1.0  # seconds between attempts to record an end
TERMINAL = ("Completed", "Failed", "Stopped")
MAX_RUNTIME = 86400  # seconds: the default of MaxRuntimeInSeconds
LEFT_QUEUE = "_left_queue"  # the field of a job's body that is True when the job has started


class JobStopped(Exception):
    """The job was stopped by a Stop call or a time limit.

    Args:
        status: SageMaker's status: Stopped, MaxRuntimeExceeded or MaxWaitTimeExceeded.
    """

    def __init__(self, status: str = "Stopped") -> None:
        super().__init__(status)
        self.status = status


class ServerStopping(Exception):
    """The server stops; the next start records the end of the job."""


class Job(ABC):
    """One job. The queue calls `run` once, in a thread for this job."""

    kind: JobKind

    def __init__(self, runtime: Runtime, name: str) -> None:
        self.runtime = runtime
        self.name = name
        self.container = Container(runtime.settings.work / self.kind.store / name)
        self.stop_requested = threading.Event()
        self.server_stopping = threading.Event()
        self.over_limit: JobFailure | None = None  # the reason if its processes were killed

    @functools.cached_property
    def instance_count(self) -> int:
        """The number of instances."""
        return int(self.kind.resources(self.body).get("InstanceCount", 1))

    @property
    def body(self) -> Body:
        """The job's current body in the store."""
        body = self.runtime.store.get(self.kind.store, self.name)
        assert body is not None, f"{self.kind.store} {self.name} left the store while it ran"
        return body

    def set(self, **fields: Any) -> None:
        """Set fields of the job in the store."""
        self.runtime.store.set(self.kind.store, self.name, **fields)

    def run(self) -> None:
        """Run the job and record its end; no exception is raised."""
        try:
            self._work_or_fail()
        except ServerStopping:
            return
        finally:
            self._clean()

    def _work_or_fail(self) -> None:
        try:
            self._work_or_stop()
        except ServerStopping:
            raise
        except Exception as error:
            self.finish("Failed", reason=self._reason(error))

    def _reason(self, error: Exception) -> str:
        """Return the FailureReason, which mentions a full disk whatever the error is."""
        reason = str(self.over_limit or error)
        if not isinstance(error, JobFailure) and not self.over_limit:
            _log.exception("%s %s failed inside the server", self.kind.store, self.name)
            reason = f"InternalServerError: {type(error).__name__}: {error}"
        free = shutil.disk_usage(self.runtime.settings.root).free
        if free < FULL:
            full = f" The disk of {self.runtime.settings.root} is full: {free >> 20} MB are free."
            return reason[: 1024 - len(full)] + full
        return reason

    def _work_or_stop(self) -> None:
        try:
            self._start()
            self.work()
            self.finish("Completed")
        except JobStopped as stopped:
            self.on_stopped(stopped)

    @abstractmethod
    def work(self) -> None:
        """Download the inputs, run the program, upload the outputs."""

    def on_stopped(self, stopped: JobStopped) -> None:
        """Record that the job was stopped; subclasses may upload the program's output first."""
        self.finish("Stopped")

    @abstractmethod
    def on_started(self) -> None:
        """Record the start; called once when the job has left the queue."""

    def finish(self, status: str, *, reason: str = "") -> None:
        """Record the end; if the disk is full, wait until it has room."""
        while True:
            try:
                self.record_end(status, reason=reason)
                return
            except ApiError as error:
                _log.warning(
                    "the end of %s %s is not recorded yet: %s", self.kind.store, self.name, error
                )
            if self.server_stopping.wait(_RETRY_DELAY):
                raise ServerStopping

    def record_end(self, status: str, *, reason: str = "") -> None:
        """Record the end; ApiError if the state cannot be written now."""
        self.runtime.store.update(
            self.kind.store, self.name, lambda body: self.close(body, status, reason)
        )

    def close(self, body: Body, status: str, reason: str) -> None:
        """Write the end into the job's body; subclasses add fields of their Describe call."""
        now = time.time()
        body[self.kind.status] = status
        body.setdefault(self.kind.started, now)
        body[self.kind.ended] = now
        if reason:
            body["FailureReason"] = reason[:1024]

    def program(
        self, container: Container, command: Sequence[str], environment: dict[str, str]
    ) -> Program:
        """Return the program of one instance, with a new log stream."""
        log = self.runtime.logs.new_stream(self.kind.log_group, f"{self.name}/{container.host}")
        return Program(container, command, environment, log)

    def run_programs(self, programs: Sequence[Program], seconds: float) -> Exit:
        """Run one program on each instance; the first failure ends the others.

        Raises:
            JobStopped: The job was stopped, or ran for `seconds`; all programs have ended.
            ServerStopping: The server stops; the programs were killed.
        """
        running = Programs(programs, self.runtime.isolation)
        try:
            ended = self._await_exit(running, time.monotonic() + seconds)
            running.stop(STOP_GRACE, self.server_stopping.is_set)
        finally:
            running.kill()
        return ended

    def _await_exit(self, running: Programs, deadline: float) -> Exit:
        while (ended := running.wait()) is None:
            try:
                self.check_programs()
                if time.monotonic() > deadline:
                    raise JobStopped("MaxRuntimeExceeded")
            except JobStopped:
                running.stop(STOP_GRACE, self.server_stopping.is_set)
                raise
        return ended

    @staticmethod
    def longest(request: Body) -> float:
        """Return the seconds that the programs may run."""
        condition = request.get("StoppingCondition", {})
        return float(condition.get("MaxRuntimeInSeconds", MAX_RUNTIME))

    def check_programs(self) -> None:
        """Check whether the programs must end; called repeatedly while they run.

        JobStopped ends the programs with SIGTERM and a grace period, other exceptions at once.
        """
        self.check_stop()

    def check_stop(self) -> None:
        """Raise JobStopped or ServerStopping if one was requested; called between steps."""
        self.check_server()
        if self.stop_requested.is_set():
            raise JobStopped

    def check_server(self) -> None:
        """Raise ServerStopping if the server stops."""
        if self.server_stopping.is_set():
            raise ServerStopping

    def failure(self, ended: Exit) -> JobFailure:
        """Return the failure of a job whose program ended with this exit."""
        text = ended.container.output_text("failure") or "See job logs for more information"
        return JobFailure(f"AlgorithmError: {text[:980]}, exit code: {ended.code}")

    def _start(self) -> None:
        self.check_stop()
        if self.body[self.kind.status] == "Stopping":  # requested before the queue had the job
            raise JobStopped
        shutil.rmtree(self.container.directory, ignore_errors=True)
        self.set(**{LEFT_QUEUE: True})  # from here on no later server runs the job again
        self.on_started()

    def _clean(self) -> None:
        shutil.rmtree(self.container.directory, ignore_errors=True)

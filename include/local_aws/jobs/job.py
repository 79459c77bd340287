"""What the three kinds of job have in common: states, the program, its end."""

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
FULL = 256 << 20  # bytes: when no more are free, SeaweedFS takes nothing either
_AGAIN = 1.0  # seconds between attempts to record an end
TERMINAL = ("Completed", "Failed", "Stopped")
MAX_RUNTIME = 86400  # seconds: MaxRuntimeInSeconds where a request leaves it out


LEFT_QUEUE = "_left_queue"  # the field of a job's body that says so


class JobStopped(Exception):
    """The job was stopped: by a Stop call, or because it took longer than it may.

    Args:
        status: SageMaker's word for it: Stopped, MaxRuntimeExceeded or MaxWaitTimeExceeded.
    """

    def __init__(self, status: str = "Stopped") -> None:
        super().__init__(status)
        self.status = status


class ServerStopping(Exception):
    """The server ends; the job's state is left for the next start to settle."""


class Job(ABC):
    """One job from its queue slot to its end; `run` is called once, in a thread of its own."""

    kind: JobKind

    def __init__(self, runtime: Runtime, name: str) -> None:
        self.runtime = runtime
        self.name = name
        self.container = Container(runtime.settings.work / self.kind.store / name)
        self.stop_requested = threading.Event()
        self.server_stopping = threading.Event()
        self.over_limit: JobFailure | None = None  # why its processes were killed, if they were

    @functools.cached_property
    def instance_count(self) -> int:
        """How many instances it runs on."""
        return int(self.kind.resources(self.body).get("InstanceCount", 1))

    @property
    def body(self) -> Body:
        """The job as the store has it now."""
        body = self.runtime.store.get(self.kind.store, self.name)
        assert body is not None, f"{self.kind.store} {self.name} left the store while it ran"
        return body

    def set(self, **fields: Any) -> None:
        """Set fields of the job in the store."""
        self.runtime.store.set(self.kind.store, self.name, **fields)

    def run(self) -> None:
        """Do the job and record its end; raises nothing."""
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
        """The FailureReason; on a full disk it says so, whatever came of that."""
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
        """Fetch the inputs, run the program, store the outputs."""

    def on_stopped(self, stopped: JobStopped) -> None:
        """Record that the job was stopped; a kind may keep what the program left."""
        self.finish("Stopped")

    @abstractmethod
    def on_started(self) -> None:
        """Called once when the job has left the queue."""

    def finish(self, status: str, *, reason: str = "") -> None:
        """Record the end, as soon as the disk has room for it."""
        while True:
            try:
                self.record_end(status, reason=reason)
                return
            except ApiError as error:
                _log.warning("the end of %s %s waits: %s", self.kind.store, self.name, error)
            if self.server_stopping.wait(_AGAIN):
                raise ServerStopping

    def record_end(self, status: str, *, reason: str = "") -> None:
        """Record the end; ApiError if the state cannot be written now."""
        self.runtime.store.update(
            self.kind.store, self.name, lambda body: self.close(body, status, reason)
        )

    def close(self, body: Body, status: str, reason: str) -> None:
        """Write the end into the job's body; a kind adds what else its Describe shows."""
        now = time.time()
        body[self.kind.status] = status
        body.setdefault(self.kind.started, now)
        body[self.kind.ended] = now
        if reason:
            body["FailureReason"] = reason[:1024]

    def program(
        self, container: Container, command: Sequence[str], environment: dict[str, str]
    ) -> Program:
        """What one instance runs, with a log stream of its own."""
        log = self.runtime.logs.new_stream(self.kind.log_group, f"{self.name}/{container.host}")
        return Program(container, command, environment, log)

    def run_programs(self, programs: Sequence[Program], seconds: float) -> Exit:
        """Run one program an instance; the exit of the first that failed ends the others.

        Raises:
            JobStopped: it was stopped, or has run for `seconds`; all have ended by then.
            ServerStopping: the server ends; the programs were killed.
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
        """The seconds that the programs may run."""
        condition = request.get("StoppingCondition", {})
        return float(condition.get("MaxRuntimeInSeconds", MAX_RUNTIME))

    def check_programs(self) -> None:
        """Called all along while the programs run; what it raises ends them.

        JobStopped ends them with SIGTERM and its grace, anything else at once.
        """
        self.check_stop()

    def check_stop(self) -> None:
        """Raise JobStopped or ServerStopping when one is asked for; called between steps."""
        self.check_server()
        if self.stop_requested.is_set():
            raise JobStopped

    def check_server(self) -> None:
        """Raise ServerStopping when the server ends."""
        if self.server_stopping.is_set():
            raise ServerStopping

    def failure(self, ended: Exit) -> JobFailure:
        """The FailureReason of a program that ended like this."""
        text = ended.container.output_text("failure") or "See job logs for more information"
        return JobFailure(f"AlgorithmError: {text[:980]}, exit code: {ended.code}")

    def _start(self) -> None:
        self.check_stop()
        if self.body[self.kind.status] == "Stopping":  # asked before the queue had the job
            raise JobStopped
        shutil.rmtree(self.container.directory, ignore_errors=True)
        self.set(**{LEFT_QUEUE: True})  # from here on no later server may run it again
        self.on_started()

    def _clean(self) -> None:
        shutil.rmtree(self.container.directory, ignore_errors=True)

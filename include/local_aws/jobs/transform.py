"""Batch transform jobs: send each object to the model server, and store its answer."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from include.local_aws.containers.inputs import list_objects
from include.local_aws.containers.model_container import ModelContainer
from include.local_aws.containers.server_process import ServerProcess
from include.local_aws.errors import JobFailure
from include.local_aws.jobs.job import Job
from include.local_aws.jobs.kinds import TRANSFORM
from include.local_aws.jobs.transforms.sending import Limits, Sender, execution_parameters
from include.local_aws.observability.logs import write_event
from include.local_aws.storage.objects import S3Object
from include.local_aws.store import Body

_TIMEOUT = 60.0  # seconds for GET /execution-parameters
_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
_POLL = 0.2  # seconds between checks for a stop


class TransformJob(Job):
    """Sends each object of the input to the model and stores the answer as `<key>.out`."""

    kind = TRANSFORM

    def work(self) -> None:
        """Start the model server, send every object, stop it."""
        request = self.body
        objects = list_objects(
            self.runtime.objects, request["TransformInput"]["DataSource"]["S3DataSource"]
        )
        server = ServerProcess(
            self.runtime,
            ModelContainer(**request["_model"]),
            self.container.directory,
            self._new_log(),
            self._variables(request),
        )
        server.start(self.check_stop)
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{server.port}", timeout=_TIMEOUT, trust_env=False
            ) as client:
                limits = Limits.of(request, execution_parameters(client))
                client.timeout = httpx.Timeout(limits.timeout)
                sender = Sender(
                    self.runtime.objects,
                    client,
                    request,
                    limits,
                    self.container.directory,
                    is_over=self._is_over,
                    is_alive=lambda: server.alive,
                )
                with self._stop_server_on_stop(server):
                    self._transform(objects, limits, sender)
        finally:
            server.stop(_GRACE)

    def on_started(self) -> None:
        """Set TransformStartTime."""
        self.set(TransformStartTime=time.time())

    def _new_log(self) -> Any:
        log = self.runtime.logs.new_stream(self.kind.log_group, f"{self.name}/algo-1")
        self.set(_log=str(log))
        return log

    def _variables(self, request: Body) -> dict[str, str]:
        settings = {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": request.get("MaxPayloadInMB"),
            "SAGEMAKER_BATCH_STRATEGY": request.get("BatchStrategy"),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": request.get("MaxConcurrentTransforms"),
        }
        variables = {name: str(value) for name, value in settings.items() if value is not None}
        return {**variables, **request.get("Environment", {})}

    def _transform(self, objects: list[S3Object], limits: Limits, sender: Sender) -> None:
        log = self._new_data_log()
        write_event(log, str(limits))
        with ThreadPoolExecutor(limits.concurrency) as pool:
            list(pool.map(sender.send, objects))
        self.check_stop()
        failures = sorted(sender.failures.items())
        for uri, reason in failures:
            write_event(log, f"{uri}: {reason}")
        if failures:
            uri, reason = failures[0]
            more = len(failures) - 1
            others = f" ({more} more objects failed; see job logs)" if more else ""
            raise JobFailure(f"ClientError: {uri}: {reason[:700]}{others}")

    @contextmanager
    def _stop_server_on_stop(self, server: ServerProcess) -> Iterator[None]:
        """Stop the model server when the job must stop, since a request may take minutes."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(_POLL):
                if self._is_over():
                    server.stop(_GRACE)
                    return

        watching = threading.Thread(target=watch, name=f"stop-watch-{self.name}")
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join()

    def _new_data_log(self) -> Path:
        """Return the file of a log stream with the limits of sending and the failed objects."""
        return self.runtime.logs.new_stream(self.kind.log_group, f"{self.name}/data-log")

    def _is_over(self) -> bool:
        return self.stop_requested.is_set() or self.server_stopping.is_set()

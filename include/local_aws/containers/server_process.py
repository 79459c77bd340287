"""A model server: one `serve` process with its unpacked model, port and health check."""

import http.client
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from include.local_aws.containers.archives import unpack
from include.local_aws.containers.container import Container
from include.local_aws.containers.entrypoint import command_line
from include.local_aws.containers.inputs import fetch
from include.local_aws.containers.model_container import ModelContainer
from include.local_aws.errors import JobFailure
from include.local_aws.processes.child import Child
from include.local_aws.processes.ports import free_port
from include.local_aws.runtime import Runtime

HEALTH_TIMEOUT = 240.0  # seconds until /ping must answer 200, as on SageMaker
STOP_GRACE = 30.0  # seconds from SIGTERM to SIGKILL
_PING_TIMEOUT = 2.0  # seconds


class Unhealthy(JobFailure):
    """The container failed its health check; `detail` gives the cause, if it is known."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            f"ClientError: The primary container did not pass the ping health check{detail}. "
            "Please check its CloudWatch logs."
        )
        self.detail = detail


class ServerProcess:
    """Runs `<image> serve` on a model until it is stopped.

    Args:
        runtime: The state, data, images, logs and metrics.
        model: The image, the model data and the environment.
        directory: A directory for this process; `start` creates and `stop` removes it.
        log: The file of the log stream.
        variables: Environment variables besides the model's.
    """

    def __init__(
        self,
        runtime: Runtime,
        model: ModelContainer,
        directory: Path,
        log: Path,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.port = 0
        self._runtime = runtime
        self._model = model
        self._container = Container(directory)
        self._log = log
        self._variables = dict(variables or {})
        self._child: Child | None = None

    @property
    def alive(self) -> bool:
        """Return whether the process runs."""
        return self._child is not None and self._child.exit_code is None

    def start(self, check: Callable[[], None], timeout: float = HEALTH_TIMEOUT) -> None:
        """Unpack the model, start the program and return when /ping answers 200.

        Args:
            check: Called repeatedly while this waits; an exception that it raises ends the start.
            timeout: The seconds until /ping must answer.

        Raises:
            JobFailure: The image or the model data do not exist, or /ping did not answer in time.
                No process is left running.
        """
        try:
            self._unpack(check)
            self._spawn()
            self._await_ping(check, time.monotonic() + timeout)
        except BaseException:
            self.stop(grace=0)
            raise

    def restart(self, check: Callable[[], None]) -> None:
        """Start the program again, on the model that is already unpacked."""
        if self._child is not None:
            self._child.kill()
        self._spawn()
        self._await_ping(check, time.monotonic() + HEALTH_TIMEOUT)

    def stop(self, grace: float = STOP_GRACE) -> None:
        """Send SIGTERM, then SIGKILL after `grace` seconds, and remove the directory."""
        if self._child is not None:
            self._child.stop(grace)
        shutil.rmtree(self._container.directory, ignore_errors=True)

    def _unpack(self, check: Callable[[], None]) -> None:
        self._container.make("model")
        uri = self._model.model_data
        if uri is None:
            return
        folder = self._container.base / "model"
        if self._model.is_plain:
            fetch(self._runtime.objects, {"S3Uri": uri}, folder, "None", check)
            return
        archive = self._container.directory / "model.tar.gz"
        self._runtime.objects.download_file(uri, archive)
        unpack(archive, folder, uri)
        archive.unlink()

    def _spawn(self) -> None:
        image = self._runtime.images.find(self._model.image)
        self.port = free_port()
        bind = {
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
        }
        environment = self._container.environment(
            image, self._runtime.aws, self._model.environment, self._variables, bind
        )
        line = command_line(image, self._container, environment, [], ["serve"])
        self._child = Child(
            self._runtime.isolation.command(self._container.base, line),
            environment=environment,
            directory=self._container.directory,
            log=self._log,
        )

    def _await_ping(self, check: Callable[[], None], deadline: float) -> None:
        while not self.ping():
            check()
            code = self._child.exit_code if self._child else 0
            if code is not None:
                raise Unhealthy(f": it ended with exit code {code}")
            if time.monotonic() > deadline:
                raise Unhealthy
            time.sleep(0.05)

    def ping(self) -> bool:
        """Return whether GET /ping answers 200 within two seconds."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PING_TIMEOUT)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

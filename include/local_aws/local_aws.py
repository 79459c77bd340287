"""One local AWS from start to stop."""

import contextlib
import fcntl
import logging
import os
import shutil
from collections.abc import Iterator

from include.local_aws.endpoints.manager import EndpointManager
from include.local_aws.errors import StartupError
from include.local_aws.images import ImageRegistry
from include.local_aws.jobs.kinds import KINDS
from include.local_aws.jobs.processing import ProcessingJob
from include.local_aws.jobs.queue import JobQueue
from include.local_aws.jobs.training import TrainingJob
from include.local_aws.jobs.transform import TransformJob
from include.local_aws.logs import LogFiles
from include.local_aws.processes.isolation import Isolation
from include.local_aws.processes.ports import is_free
from include.local_aws.server import Server
from include.local_aws.services import Machine, Services
from include.local_aws.settings import Settings
from include.local_aws.storage.objects import Objects
from include.local_aws.storage.seaweedfs import SeaweedFS
from include.local_aws.store import Store

_log = logging.getLogger(__name__)
_JOBS = {job.kind.store: job for job in (TrainingJob, ProcessingJob, TransformJob)}
_INTERRUPTED = "InternalServerError: the local server stopped while the job ran. Please try again."


class LocalAws:
    """The parts behind the port: S3, state, jobs, endpoints.

    `start` raises StartupError and leaves nothing running when something is amiss; `stop` ends
    every process that was started.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._storage = SeaweedFS(settings.storage)
        self.isolation = Isolation()
        self._undo = contextlib.ExitStack()
        self._services: Services | None = None

    @property
    def s3_endpoint_url(self) -> str:
        """Where S3 answers, once started."""
        return self._storage.endpoint_url

    def start(self) -> Server:
        """Start S3, settle what the last server left, and return the application to serve."""
        with contextlib.ExitStack() as undo:
            self._settings.root.mkdir(parents=True, exist_ok=True)
            undo.enter_context(_lock(self._settings))
            if not is_free(self._settings.port, self._settings.host):
                raise StartupError(
                    f"port {self._settings.port} is in use: choose another with --port"
                )
            images = ImageRegistry(self._settings.images)
            shutil.rmtree(self._settings.work, ignore_errors=True)
            undo.callback(self._storage.stop)
            self._storage.start()
            store = Store(self._settings.database)
            undo.callback(store.close)
            services = self._serve(store, images, undo)
            self._undo = undo.pop_all()
        self._services = services
        return Server(services, self.s3_endpoint_url)

    def revive(self) -> None:
        """Bring the endpoints back; called when the port answers, for their programs may ask."""
        assert self._services is not None, "start comes first"
        self._services.endpoints.revive()

    def stop(self) -> None:
        """End all jobs, endpoints and S3; the state stays for the next start."""
        self._undo.close()

    def _serve(self, store: Store, images: ImageRegistry, undo: contextlib.ExitStack) -> Services:
        machine = Machine(
            settings=self._settings,
            store=store,
            images=images,
            objects=Objects(self.s3_endpoint_url),
            logs=LogFiles(self._settings.logs),
            s3_endpoint_url=self.s3_endpoint_url,
            isolation=self.isolation,
        )
        _settle(machine)
        jobs = JobQueue(self._settings.slots)
        undo.callback(jobs.close)
        endpoints = EndpointManager(machine)
        undo.callback(endpoints.close)
        return Services(machine, jobs, endpoints)


def _settle(machine: Machine) -> None:
    """Fail the jobs that the last server left unfinished: their processes died with it."""
    for kind in KINDS:
        for body in machine.store.every(kind.store):
            if body[kind.status] in ("InProgress", "Stopping"):
                name = body[kind.name]
                _log.warning("%s %s was interrupted", kind.store, name)
                job = _JOBS[kind.store](machine, name)
                if body[kind.status] == "Stopping":
                    job.finish("Stopped")
                else:
                    job.finish("Failed", reason=_INTERRUPTED)


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Hold the folder for this server; StartupError if another one does."""
    file = (settings.root / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise StartupError(
            f"{settings.root} is in use by another local_aws (process {holder}): "
            "stop it, or choose another --root"
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    try:
        yield
    finally:
        file.close()

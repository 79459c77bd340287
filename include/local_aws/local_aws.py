"""Start and stop of one local AWS."""

import contextlib
import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from operator import itemgetter

from botocore.exceptions import ClientError, ParamValidationError

from include.local_aws.endpoints.manager import EndpointManager
from include.local_aws.errors import ApiError, StartupError
from include.local_aws.image_registry import ImageRegistry
from include.local_aws.jobs.job import FULL, LEFT_QUEUE, TERMINAL, Job
from include.local_aws.jobs.kinds import KINDS
from include.local_aws.jobs.memory import Memory, default_limit
from include.local_aws.jobs.processing import ProcessingJob
from include.local_aws.jobs.queue import JobQueue
from include.local_aws.jobs.training import TrainingJob
from include.local_aws.jobs.transform import TransformJob
from include.local_aws.observability.logs import LogFiles
from include.local_aws.observability.retention import Retention
from include.local_aws.processes.isolation import Isolation
from include.local_aws.processes.leftovers import terminate_leftovers
from include.local_aws.processes.ports import load_or_choose_port, port_conflict
from include.local_aws.runtime import Runtime
from include.local_aws.server import Server
from include.local_aws.services import Services
from include.local_aws.settings import Settings
from include.local_aws.storage.gateway import Gateway
from include.local_aws.storage.objects import Objects
from include.local_aws.storage.seaweedfs import SeaweedFS
from include.local_aws.store import Store

_log = logging.getLogger(__name__)
_JOBS = {job.kind.store: job for job in (TrainingJob, ProcessingJob, TransformJob)}
_INTERRUPTED = "InternalServerError: the local server stopped while the job ran. Please try again."


class LocalAws:
    """S3, the state, the jobs and the endpoints of one server.

    If `start` fails, it raises StartupError and leaves nothing running. `stop` ends every process
    that was started.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._storage = SeaweedFS(settings.storage, settings.credentials)
        self._gateway: Gateway | None = None
        self.isolation = Isolation()
        self._undo = contextlib.ExitStack()
        self._services: Services | None = None
        self._queued: list[Job] = []

    @property
    def s3_endpoint_url(self) -> str:
        """The address of S3 for all clients, once the server has started."""
        assert self._gateway is not None, "call start first"
        return f"http://{self._settings.host}:{self._gateway.port}"

    def start(self) -> Server:
        """Start S3, end the last server's jobs, and return the ASGI application to serve."""
        with contextlib.ExitStack() as undo:
            undo.enter_context(_lock(self._settings))
            self._check_ports()
            self._check_disk()
            images = ImageRegistry(self._settings.images)
            terminate_leftovers(self._settings.root)
            shutil.rmtree(self._settings.work, ignore_errors=True)
            undo.callback(self._storage.stop)
            self._storage.start()
            self._gateway = _gateway(self._settings)
            store = Store(self._settings.database)
            undo.callback(store.close)
            services = self._serve(store, images, undo)
            for bucket in self._settings.buckets:
                _make_bucket(services.runtime.objects, bucket)
            self._undo = undo.pop_all()
        self._services = services
        return Server(services, self.s3_endpoint_url)

    async def open_s3(self) -> None:
        """Start to accept S3 requests of clients."""
        if self._gateway is not None:
            await self._gateway.start(self._storage.port)

    def close_s3(self) -> None:
        """Stop accepting S3 requests of clients."""
        if self._gateway is not None:
            self._gateway.close()

    def revive(self) -> None:
        """Start the endpoints, and the jobs that were queued, of the last server.

        Call it when the port answers, because their programs may send requests to it.
        """
        assert self._services is not None, "call start first"
        for job in self._queued:
            self._services.jobs.submit(job)
        self._services.endpoints.restore()

    def stop(self) -> None:
        """End all jobs, endpoints and S3; the state is kept for the next start."""
        self._undo.close()

    def _check_ports(self) -> None:
        ports = {"--port": self._settings.port, "--s3-port": self._settings.s3_port}
        for flag, port in ports.items():
            reason = port and port_conflict(port, self._settings.bind)
            if reason:
                raise StartupError(f"{reason}: choose another with {flag}")

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self._settings.root).free
        if free < FULL:
            raise StartupError(
                f"the disk of {self._settings.root} is full: {free >> 20} MB are free, "
                f"{FULL >> 20} MB are needed: free some, or choose another --root"
            )

    def _serve(self, store: Store, images: ImageRegistry, undo: contextlib.ExitStack) -> Services:
        assert self._gateway is not None, "programs need the address of S3"
        runtime = Runtime(
            settings=self._settings,
            store=store,
            images=images,
            objects=Objects(self._storage.endpoint_url, self._settings.credentials),
            logs=LogFiles(self._settings.logs),
            s3_endpoint_url=f"http://{self._settings.near_host}:{self._gateway.port}",
            isolation=self.isolation,
        )
        self._queued = _end_interrupted(runtime)
        keep = self._settings.keep_days, self._settings.keep_logs
        undo.enter_context(Retention(self._settings.logs, *keep))
        slots, memory = self._settings.slots, self._settings.memory or default_limit()
        jobs = JobQueue(slots, Memory(memory, slots))
        undo.callback(jobs.close)
        endpoints = EndpointManager(runtime)
        undo.callback(endpoints.close)
        return Services(runtime, jobs, endpoints)


def _gateway(settings: Settings) -> Gateway:
    """Return the proxy for S3; without `s3_port` on the last server's port, if that is free."""
    try:
        port = settings.s3_port or load_or_choose_port(
            settings.storage / "gateway.json", settings.bind
        )
        return Gateway(settings.bind, port, settings.credentials)
    except OSError as error:
        raise StartupError(
            f"{settings.bind} cannot be listened on ({error.strerror}): choose another with --bind"
        ) from error


def _make_bucket(objects: Objects, name: str) -> None:
    try:
        objects.client.create_bucket(Bucket=name)
    except (ClientError, ParamValidationError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        if code not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
            reason = " ".join(str(error).split())
            raise StartupError(f"cannot create the bucket {name!r}: {reason}") from error


def _end_interrupted(runtime: Runtime) -> list[Job]:
    """End the jobs that the last server left running, since their processes died with it.

    Returns the queued jobs in the order in which they were created.

    Raises:
        StartupError: The state cannot be written.
    """
    queued = []
    for kind in KINDS:
        for body in runtime.store.list_all(kind.store):
            if body[kind.status] in TERMINAL:
                continue
            job = _JOBS[kind.store](runtime, body[kind.name])
            if body[kind.status] == "InProgress" and not body.get(LEFT_QUEUE):
                queued.append((body["CreationTime"], job))
                continue
            _log.warning("%s %s was interrupted", kind.store, job.name)
            try:
                _end(job, stopping=body[kind.status] == "Stopping")
            except ApiError as error:
                raise StartupError(error.message) from error
    return [job for _, job in sorted(queued, key=itemgetter(0))]


def _end(job: Job, *, stopping: bool) -> None:
    if stopping:
        job.record_end("Stopped")
    else:
        job.record_end("Failed", reason=_INTERRUPTED)


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Lock the folder for this server; StartupError if another server holds the lock."""
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

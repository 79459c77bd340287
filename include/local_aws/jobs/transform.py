"""A batch transform job: every object through the model's `serve`, one answer an object."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from include.local_aws.endpoints.models import ModelContainer
from include.local_aws.endpoints.server_process import ServerProcess
from include.local_aws.errors import JobFailure
from include.local_aws.jobs.inputs import listed
from include.local_aws.jobs.job import Job
from include.local_aws.jobs.kinds import TRANSFORM
from include.local_aws.jobs.splitting import split
from include.local_aws.storage.objects import S3Object
from include.local_aws.store import Body

_TIMEOUT = 600.0  # seconds for one request, SageMaker's default for batch
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """How an object may be sent: the request's wish over the container's over the default."""

    concurrency: int
    payload: int
    strategy: str

    @property
    def is_single(self) -> bool:
        """Whether a request holds one record: containers write SINGLE_RECORD, requests not."""
        return self.strategy.replace("_", "").lower() == "singlerecord"

    @classmethod
    def of(cls, request: Body, execution: dict[str, Any]) -> "Limits":
        """Merge the request with the answer of GET /execution-parameters."""
        megabytes = request.get("MaxPayloadInMB", execution.get("MaxPayloadInMB", 6))
        return cls(
            concurrency=int(
                request.get("MaxConcurrentTransforms")
                or execution.get("MaxConcurrentTransforms")
                or 1
            ),
            payload=int(megabytes) * _MEGABYTE or 100 * _MEGABYTE,
            strategy=str(
                request.get("BatchStrategy") or execution.get("BatchStrategy") or "MultiRecord"
            ),
        )


class TransformJob(Job):
    """Sends each object of the input to the model and writes `<key>.out` for each."""

    kind = TRANSFORM

    def work(self) -> None:
        """Start the model server, send every object, stop it."""
        request = self.body
        objects = listed(
            self.machine.objects, request["TransformInput"]["DataSource"]["S3DataSource"]
        )
        server = ServerProcess(
            self.machine,
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
                limits = Limits.of(request, _execution_parameters(client))
                self._transform(objects, _Sender(self, client, server, request, limits))
        finally:
            server.stop(grace=5)

    def on_started(self) -> None:
        """Set TransformStartTime."""
        self.set(TransformStartTime=time.time())

    def _new_log(self) -> Any:
        log = self.machine.logs.new_stream(self.kind.log_group, f"{self.name}/algo-1")
        self.set(_log=str(log))
        return log

    def _variables(self, request: Body) -> dict[str, str]:
        wanted = {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": request.get("MaxPayloadInMB"),
            "SAGEMAKER_BATCH_STRATEGY": request.get("BatchStrategy"),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": request.get("MaxConcurrentTransforms"),
        }
        set_ones = {name: str(value) for name, value in wanted.items() if value is not None}
        return {**set_ones, **request.get("Environment", {})}

    def _transform(self, objects: list[S3Object], sender: "_Sender") -> None:
        with ThreadPoolExecutor(sender.limits.concurrency) as pool:
            list(pool.map(sender.send, objects))
        self.check_stop()
        if sender.failures:
            uri, reason = sorted(sender.failures.items())[0]
            more = len(sender.failures) - 1
            others = f" ({more} more objects failed; see job logs)" if more else ""
            raise JobFailure(f"ClientError: {uri}: {reason[:700]}{others}")


class _Sender:
    """Sends objects from several threads and remembers which failed."""

    def __init__(
        self,
        job: TransformJob,
        client: httpx.Client,
        server: ServerProcess,
        request: Body,
        limits: Limits,
    ) -> None:
        self.limits = limits
        self.failures: dict[str, str] = {}
        self._job = job
        self._client = client
        self._server = server
        self._split = request["TransformInput"].get("SplitType", "None")
        self._target = request["TransformOutput"]["S3OutputPath"].rstrip("/")
        self._join = b"\n" if request["TransformOutput"].get("AssembleWith") == "Line" else b""
        self._headers = _headers(request)
        self._lock = threading.Lock()

    def send(self, item: S3Object) -> None:
        """Transform one object; a failure is remembered, not raised."""
        stopping = self._job.stop_requested.is_set() or self._job.server_stopping.is_set()
        if stopping:
            return
        try:
            self._send(item)
        except Exception as error:
            with self._lock:
                self.failures[item.uri] = str(error) or type(error).__name__

    def _send(self, item: S3Object) -> None:
        content = self._job.machine.objects.read(item)
        records = split(content, self._split, self.limits.payload, single=self.limits.is_single)
        answers = [self._post(record) for record in records]
        self._job.machine.objects.write(
            f"{self._target}/{item.relative}.out", b"".join(a + self._join for a in answers)
        )

    def _post(self, record: bytes) -> bytes:
        if len(record) > self.limits.payload:
            megabytes = self.limits.payload // _MEGABYTE
            raise JobFailure(
                f"{len(record)} bytes are more than MaxPayloadInMB ({megabytes} MB) allows"
            )
        try:
            answer = self._client.post("/invocations", content=record, headers=self._headers)
        except httpx.HTTPError as error:
            ended = "" if self._server.alive else "; the model server has ended"
            raise JobFailure(f"no answer from the model: {error}{ended}") from error
        if answer.status_code != 200:
            raise JobFailure(f"Bad HTTP status received from algorithm: {_told(answer)}")
        return answer.content


def _told(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.text[:500]}".strip()


def _headers(request: Body) -> dict[str, str]:
    content_type = request["TransformInput"].get("ContentType")
    accept = request["TransformOutput"].get("Accept")
    headers = {"Content-Type": content_type, "Accept": accept}
    return {name: value for name, value in headers.items() if value}


def _execution_parameters(client: httpx.Client) -> dict[str, Any]:
    """What the container says of itself; a container need not say anything."""
    try:
        answer = client.get("/execution-parameters")
        said = json.loads(answer.content) if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}

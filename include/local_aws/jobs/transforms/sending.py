"""Requests of batch transform: an object's records go to the model, the answers to S3."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from include.local_aws.containers.gzipped import decompress
from include.local_aws.errors import JobFailure
from include.local_aws.jobs.transforms.data_processing import DataProcessing
from include.local_aws.jobs.transforms.splitting import split
from include.local_aws.storage.objects import Objects, S3Object
from include.local_aws.store import Body

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Limits of sending: from the job's request, else from the container, else the defaults."""

    concurrency: int
    payload: int
    strategy: str
    timeout: float = 600.0  # seconds for one request
    retries: int = 3

    @property
    def is_single(self) -> bool:
        """Return whether a request holds one record; a container writes SINGLE_RECORD."""
        return self.strategy.replace("_", "").lower() == "singlerecord"

    @classmethod
    def of(cls, request: Body, execution: dict[str, Any]) -> "Limits":
        """Merge the job's request with the answer of GET /execution-parameters."""
        megabytes = request.get("MaxPayloadInMB", execution.get("MaxPayloadInMB", 6))
        client = request.get("ModelClientConfig", {})
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
            timeout=float(client.get("InvocationsTimeoutInSeconds", cls.timeout)),
            retries=int(client.get("InvocationsMaxRetries", cls.retries)),
        )

    def __str__(self) -> str:
        return (
            f"MaxConcurrentTransforms={self.concurrency}, "
            f"MaxPayloadInMB={self.payload // _MEGABYTE}, "
            f"BatchStrategy={'SINGLE_RECORD' if self.is_single else 'MULTI_RECORD'}"
        )


def execution_parameters(client: httpx.Client) -> dict[str, Any]:
    """Return the container's parameters; {} if it does not provide any."""
    try:
        answer = client.get("/execution-parameters")
        parameters = json.loads(answer.content) if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}
    return parameters if isinstance(parameters, dict) else {}


class Sender:
    """Sends objects from several threads and collects failures by URI.

    Args:
        objects: S3.
        client: An HTTP client with the address of the model server.
        request: The transform job.
        limits: The limits of sending.
        directory: The folder in which answers are collected.
        is_over: Returns True when sending must stop.
        is_alive: Returns True while the model server runs.
    """

    def __init__(
        self,
        objects: Objects,
        client: httpx.Client,
        request: Body,
        limits: Limits,
        directory: Path,
        *,
        is_over: Callable[[], bool],
        is_alive: Callable[[], bool],
    ) -> None:
        self.failures: dict[str, str] = {}
        self._objects, self._client, self._limits = objects, client, limits
        self._directory = directory
        self._is_over, self._is_alive = is_over, is_alive
        self._input = request["TransformInput"]
        self._target = request["TransformOutput"]["S3OutputPath"].rstrip("/")
        self._join = b"\n" if request["TransformOutput"].get("AssembleWith") == "Line" else b""
        self._processing = DataProcessing.of(request)
        self._headers = _headers(request)
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def send(self, item: S3Object) -> None:
        """Transform one object; a failure is added to `failures`, not raised."""
        answers = self._directory / f"answers-{next(self._numbers)}"
        try:
            if self._gather(item, answers):
                self._objects.upload_file(answers, f"{self._target}/{item.relative}.out")
        except Exception as error:
            with self._lock:
                self.failures[item.uri] = str(error) or type(error).__name__
        finally:
            answers.unlink(missing_ok=True)

    def _gather(self, item: S3Object, answers: Path) -> bool:
        """Write an object's answers to a file; return False if sending was stopped."""
        with answers.open("wb") as file:
            for body in self._bodies(item):
                if self._is_over():
                    return False
                file.write(self._answer(body))
        return not self._is_over()

    def _bodies(self, item: S3Object) -> Iterator[bytes]:
        pieces = self._objects.content(item)
        if self._input.get("CompressionType") == "Gzip":
            pieces = decompress(pieces, item.uri)
        return split(
            pieces,
            self._input.get("SplitType", "None"),
            self._limits.payload,
            single=self._limits.is_single,
        )

    def _answer(self, body: bytes) -> bytes:
        answer = self._processing.answer(body, self._post(self._processing.request(body)))
        if self._processing.is_needed and self._join:
            answer = answer.removesuffix(b"\n")
        return answer + self._join

    def _post(self, body: bytes) -> bytes:
        if len(body) > self._limits.payload:
            megabytes = self._limits.payload // _MEGABYTE
            raise JobFailure(
                f"{len(body)} bytes are more than MaxPayloadInMB ({megabytes} MB) allows"
            )
        for retries in range(self._limits.retries, -1, -1):
            try:
                answer = self._client.post("/invocations", content=body, headers=self._headers)
            except httpx.HTTPError as error:
                if retries and self._is_alive():
                    continue
                ended = "" if self._is_alive() else "; the model server has ended"
                raise JobFailure(f"no answer from the model: {error}{ended}") from error
            if not (answer.status_code >= 500 and retries):
                break
        if answer.status_code != 200:
            text = f"{answer.status_code} {answer.text[:500]}".strip()
            raise JobFailure(f"Bad HTTP status received from algorithm: {text}")
        return answer.content


def _headers(request: Body) -> dict[str, str]:
    content_type = request["TransformInput"].get("ContentType")
    accept = request["TransformOutput"].get("Accept")
    headers = {"Content-Type": content_type, "Accept": accept}
    return {name: value for name, value in headers.items() if value}

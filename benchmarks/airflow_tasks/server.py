"""The simulated S3 and SageMaker over HTTP, so that boto3 does its usual work in the tasks."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from benchmarks.airflow_tasks.bucket import BUCKET, PREDICTION, Bucket
from benchmarks.airflow_tasks.simulated_sagemaker import ServiceError, SimulatedSageMaker

COUNTS = "/counts"
"""Where the number of requests since the last question, and the kB sent, are asked for."""

COMPLETE = "/complete"
"""Where a task's process asks for the end of the jobs that it waits for."""


class _Handler(BaseHTTPRequestHandler):
    """Answers requests with the bucket and the service of its server."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        url = urlparse(self.path)
        key = unquote(url.path).removeprefix(f"/{BUCKET}").lstrip("/")
        if key:
            self._object(key)
            return
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        text = self.server.bucket.listing(
            asked.get("prefix", ""),
            asked.get("continuation-token", ""),
            asked.get("delimiter", ""),
        )
        count = f"<KeyCount>{text.count('<Contents>')}</KeyCount>"
        self._answer(200, f"<ListBucketResult>{count}{text}</ListBucketResult>".encode())

    def do_HEAD(self) -> None:
        key = unquote(urlparse(self.path).path).removeprefix(f"/{BUCKET}/")
        size = self.server.bucket.size(key)
        self._answer(404 if size is None else 200, b"", size or 0)

    def do_PUT(self) -> None:
        key = unquote(urlparse(self.path).path).removeprefix(f"/{BUCKET}/")
        self.server.bucket.stored[key] = self._body()
        self._answer(200, b"")

    def do_DELETE(self) -> None:
        key = unquote(urlparse(self.path).path).removeprefix(f"/{BUCKET}/")
        self.server.bucket.stored.pop(key, None)
        self._answer(204, b"")

    def do_POST(self) -> None:
        body = self._body()
        sagemaker = self.server.sagemaker
        assert sagemaker is not None
        if self.path == COUNTS:
            self._answer(200, json.dumps(self.server.bucket.take_counts()).encode())
        elif self.path == COMPLETE:
            sagemaker.complete_jobs()
            self._answer(200, b"")
        elif self.path.endswith("/invocations"):
            self._answer(200, json.dumps(json.loads(PREDICTION)["prediction"]).encode())
        else:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            self._call(sagemaker, operation, json.loads(body or b"{}"))

    def _call(self, service: SimulatedSageMaker, operation: str, request: Any) -> None:
        try:
            status, answer = 200, service.call(operation, request)
        except ServiceError as error:
            code, message = error.args
            status, answer = 400, {"__type": code, "message": message}
        self._answer(status, json.dumps(answer).encode())

    def _object(self, key: str) -> None:
        bounds = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        part = slice(int(bounds[1]), int(bounds[2]) + 1) if bounds else slice(None)
        content = self.server.bucket.read(key, part)
        if content is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(206 if bounds else 200, content)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, content: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        if self.path not in (COMPLETE, COUNTS):
            self.server.bucket.count(len(content))

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, bucket: Bucket, sagemaker: SimulatedSageMaker | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bucket, self.sagemaker = bucket, sagemaker


@contextmanager
def served(bucket: Bucket, sagemaker: SimulatedSageMaker | None = None) -> Iterator[str]:
    """Serve a bucket and SageMaker on the loopback interface, and give the address of both."""
    server = _Server(bucket, sagemaker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()

"""Fakes of S3 and of Airflow's REST API, in memory."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rich.console import Console

from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.stack.login import Login


class FakeS3:
    """The S3 operations that a session uses. Records uploads in `sent`."""

    class exceptions:
        """The exceptions of a boto3 client."""

        class NoSuchKey(Exception):
            """The object does not exist."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.sent: list[str] = []
        self.unfinished: list[str] = []

    def get_paginator(self, operation: str) -> SimpleNamespace:
        return SimpleNamespace(paginate=getattr(self, f"_{operation}"))

    def _list_objects_v2(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        yield {"Contents": [{"Key": key, "ETag": f'"{self._tag(key)}"'} for key in keys]}

    def _list_multipart_uploads(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        keys = [key for key in self.unfinished if key.startswith(Prefix)]
        yield {"Uploads": [{"Key": key, "UploadId": "1"} for key in keys]}

    def abort_multipart_upload(self, Bucket: str, Key: str, UploadId: str) -> None:
        self.unfinished.remove(Key)

    def upload_file(
        self, path: str, bucket: str, key: str, Callback: Callable[[int], None], **more: Any
    ) -> None:
        self.objects[key] = Path(path).read_bytes()
        self.sent.append(key)
        Callback(len(self.objects[key]))

    def put_object(self, Bucket: str, Key: str, Body: bytes, **more: Any) -> None:
        self.objects[Key] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise self.exceptions.NoSuchKey(Key)
        return {"Body": io.BytesIO(self.objects[Key])}

    def copy_object(self, Bucket: str, Key: str, CopySource: dict[str, str]) -> None:
        self.objects[Key] = self.objects[CopySource["Key"]]

    def delete_object(self, Bucket: str, Key: str) -> None:
        del self.objects[Key]

    def _tag(self, key: str) -> str:
        return hashlib.md5(self.objects[key]).hexdigest()


URL = "http://airflow"
LOGIN = Login("admin", "some password")

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class FakeAirflow:
    """An API server on which a run finishes at its first request.

    Attributes:
        outcomes: Final state of a DAG's runs by DAG id; success by default.
        tasks: Task instances of a DAG's runs.
        triggers: By DAG id, the DAG whose run appears when a run of the first DAG finishes.
        xcoms: Values by task id and key.
        logs: Log lines of each task.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)
    unpaused: set[str] = field(default_factory=set)
    triggered: list[str] = field(default_factory=list)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    conf: dict[str, Any] = field(default_factory=dict)
    tokens: int = 0

    def add_run(self, dag_id: str, run_id: str, state: str = "running") -> dict[str, Any]:
        run = {"dag_id": dag_id, "dag_run_id": run_id, "state": state}
        self.runs.setdefault(dag_id, []).insert(0, run)
        return run

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            credentials = json.loads(request.content)
            if credentials != {"username": LOGIN.user, "password": LOGIN.password}:
                return httpx.Response(401, json={"detail": "Invalid credentials"})
            self.tokens += 1
            return httpx.Response(201, json={"access_token": f"token-{self.tokens}"})
        if request.headers["Authorization"] != f"Bearer token-{self.tokens}":
            return httpx.Response(401)
        return self._api(request, request.url.path.removeprefix("/api/v2").strip("/").split("/"))

    def _api(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        dag_id = parts[1]
        if len(parts) == 2:
            if request.method == "PATCH":
                self.unpaused.add(dag_id)
            return httpx.Response(200, json={"dag_id": dag_id})
        if len(parts) == 3 and request.method == "POST":
            self.triggered.append(dag_id)
            self.conf = json.loads(request.content)["conf"]
            return httpx.Response(200, json=self.add_run(dag_id, f"manual {len(self.triggered)}"))
        if len(parts) == 3:
            runs = self.runs.get(dag_id, [])
            return httpx.Response(200, json={"dag_runs": runs, "total_entries": len(runs)})
        return self._of_run(dag_id, parts[3], parts[4:])

    def _of_run(self, dag_id: str, run_id: str, rest: list[str]) -> httpx.Response:
        if not rest:
            run = next(run for run in self.runs[dag_id] if run["dag_run_id"] == run_id)
            if run["state"] == "running":
                run["state"] = self.outcomes.get(dag_id, "success")
                if dag_id in self.triggers:
                    self.add_run(self.triggers[dag_id], f"triggered by {run_id}")
            return httpx.Response(200, json=run)
        if rest == ["upstreamAssetEvents"]:
            _, by_asset, source = run_id.partition("triggered by ")
            events = [{"source_run_id": source}] if by_asset else []
            return httpx.Response(200, json={"asset_events": events})
        if rest == ["taskInstances"]:
            tasks = self.tasks.get(dag_id, [])
            return httpx.Response(200, json={"task_instances": tasks, "total_entries": len(tasks)})
        if rest[2] == "logs":
            return httpx.Response(200, json={"content": self.logs})
        value = self.xcoms.get((rest[1], rest[3]))
        if value is None:
            return httpx.Response(404)
        return httpx.Response(200, json={"task_id": rest[1], "key": rest[3], "value": value})


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def airflow() -> FakeAirflow:
    return FakeAirflow()


@pytest.fixture
def api(airflow: FakeAirflow) -> AirflowApi:
    return AirflowApi(URL, LOGIN, httpx.MockTransport(airflow.answer))


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def display(output: io.StringIO) -> ProgressDisplay:
    return ProgressDisplay(0.0, Console(file=output, width=300, highlight=False))

"""Stand-ins for S3 and for Airflow's REST API, in memory."""

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
from include.local_run.drive.show import Show
from include.local_run.stack.login import Login


class FakeS3:
    """The few calls that driving makes; counts what is sent."""

    class exceptions:
        """As boto3's clients have them."""

        class NoSuchKey(Exception):
            """There is no such object."""

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


LOGIN = Login("admin", "some password")


@dataclass
class FakeAirflow:
    """An api-server whose runs end as told; asset-triggered runs appear when `wake` says so.

    Attributes:
        outcomes: Final state of a DAG's runs, by DAG id; success where not said.
        tasks: Task instances of a DAG's runs.
        wake: DAG ids whose run appears when the run of the key ends.
        xcoms: Values by task id and key.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    wake: dict[str, str] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)
    unpaused: set[str] = field(default_factory=set)
    triggered: list[str] = field(default_factory=list)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: int = 0

    def add_run(self, dag_id: str, run_id: str, state: str = "running") -> dict[str, Any]:
        run = {"dag_id": dag_id, "dag_run_id": run_id, "state": state}
        self.runs.setdefault(dag_id, []).insert(0, run)
        return run

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            given = json.loads(request.content)
            if given != {"username": LOGIN.user, "password": LOGIN.password}:
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
            return httpx.Response(200, json=self.add_run(dag_id, f"manual {len(self.triggered)}"))
        if len(parts) == 3:
            return httpx.Response(200, json={"dag_runs": self.runs.get(dag_id, [])})
        return self._of_run(dag_id, parts[3], parts[4:])

    def _of_run(self, dag_id: str, run_id: str, rest: list[str]) -> httpx.Response:
        if not rest:
            run = next(run for run in self.runs[dag_id] if run["dag_run_id"] == run_id)
            if run["state"] == "running":
                run["state"] = self.outcomes.get(dag_id, "success")
                if dag_id in self.wake:
                    self.add_run(self.wake[dag_id], "asset_triggered")
            return httpx.Response(200, json=run)
        if rest == ["taskInstances"]:
            return httpx.Response(200, json={"task_instances": self.tasks.get(dag_id, [])})
        if rest[2] == "logs":
            return httpx.Response(200, json={"content": self.logs})
        value = self.xcoms.get((rest[1], rest[3]))
        return httpx.Response(404) if value is None else httpx.Response(200, json={"value": value})


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def airflow() -> FakeAirflow:
    return FakeAirflow()


@pytest.fixture
def api(airflow: FakeAirflow) -> AirflowApi:
    return AirflowApi("http://airflow", LOGIN, httpx.MockTransport(airflow.answer))


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def show(said: io.StringIO) -> Show:
    return Show(0.0, Console(file=said, width=300, highlight=False))

"""Requests to the model page: seconds and AWS calls, with empty caches and with old ones."""

from __future__ import annotations

import io
import statistics
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
from airflow.api_fastapi import app as airflow_app
from botocore.config import Config

from benchmarks.page_times.history import PIPELINE, History
from include.config import Deployment
from model_page import addresses
from model_page.app import create_app
from model_page.installation import Installation
from model_page.reading.sources import Sources
from tests.plugins.model_page.browsing import serving
from tests.plugins.model_page.fake_airflow import FakeAirflow, FakeAuthManager

LATER = 60.0
"""Seconds between two requests of warm caches: all that grows old is asked for again."""


@dataclass
class Clients:
    """Clients of the local AWS that count their calls and delay each one.

    Attributes:
        delay: Seconds that each call waits before it is sent.
        calls: The number of calls since it was last set to 0.
    """

    delay: float = 0.0
    calls: int = 0
    _made: dict[str, Any] = field(default_factory=dict)

    def make(self, service: str, **limits: Any) -> Any:
        """Return the client of a service; one for each service, as a process has."""
        if service not in self._made:
            client = boto3.client(service, config=Config(**limits))
            client.meta.events.register("before-send", self._count_and_wait)
            self._made[service] = client
        return self._made[service]

    def _count_and_wait(self, **_: Any) -> None:
        self.calls += 1
        time.sleep(self.delay)


@dataclass(frozen=True)
class Figures:
    """A page's median duration and CPU time in seconds, and the most AWS calls of one request."""

    seconds: float
    cpu: float
    calls: int
    kilobytes: float


class Pages:
    """The model page of an API server process with a long history.

    Args:
        url: The server's address.
        app: The application.
        installation: The installation, which the application has, too.
        clients: Its clients.
    """

    def __init__(self, url: str, app: Any, installation: Installation, clients: Clients) -> None:
        self._url, self._app, self._installation = url, app, installation
        self._clients, self._now = clients, 0.0
        self._browser = httpx.Client(cookies={"_token": "ana"}, timeout=120, trust_env=False)

    def cold(self, path: str, requests: int) -> Figures:
        """Measure requests to a process that has read nothing yet."""
        return self._measure(path, requests, self._forget)

    def warm(self, path: str, requests: int) -> Figures:
        """Measure requests a minute after the page was last shown."""
        self._forget()
        self._get(path)
        return self._measure(path, requests, self._wait)

    def _measure(self, path: str, requests: int, before: Callable[[], None]) -> Figures:
        seconds, cpu, calls, size = [], [], 0, 0
        for _ in range(requests):
            before()
            self._clients.calls = 0
            started, used = time.perf_counter(), time.process_time()
            size = self._get(path)
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - used)
            calls = max(calls, self._clients.calls)
        return Figures(statistics.median(seconds), statistics.median(cpu), calls, size / 1000)

    def _get(self, path: str) -> int:
        answer = self._browser.get(self._url + path)
        answer.raise_for_status()
        if "cannot be shown" in answer.text:
            raise RuntimeError(f"{path} shows a problem: {answer.text}")
        return len(answer.content)

    def _forget(self) -> None:
        self._app.state.sources = Sources(self._installation, lambda: self._now)

    def _wait(self) -> None:
        self._now += LATER


@contextmanager
def served_pages(bucket: str, clients: Clients) -> Iterator[Pages]:
    """Serve the page; Airflow's API and its rights are stand-ins of the tests."""
    deployment = Deployment(
        name="testing",
        bucket=bucket,
        role_arn="arn:aws:iam::123456789012:role/sagemaker",
        image_uri="image:1",
        region="us-east-1",
    )
    installation, airflow = Installation(deployment, clients.make), FakeAirflow()
    for family in ("nightly_training", "endpoint_update", "batch_inference"):
        for number in range(10):
            airflow.add_run(f"{PIPELINE}__{family}", f"asset_triggered__{number}")
    app = create_app(lambda: installation)
    airflow.app.mount(addresses.PREFIX, app)
    airflow_app._AuthManagerState.instance = FakeAuthManager()  # type: ignore[assignment]
    with serving(airflow.app) as url:
        yield Pages(url, app, installation, clients)


def page_paths(history: History) -> Mapping[str, str]:
    """Return the paths of all pages by their names."""
    newest = history.newest

    def page(*parts: object, **query: object) -> str:
        return addresses.page(PIPELINE, *parts, **query)

    return {
        "overview": addresses.page(),
        "pipeline": page(),
        "training": page("training", history.job),
        "evaluation": page("evaluation", history.job),
        "compare": page("compare", a=newest - 1, b=newest),
        "history": page("history"),
        "package": page("package", newest),
        "model card": page("package", newest, "card.json"),
        "data": page("data"),
        "batches": page("batches"),
        "batch": page("batches", history.batch),
        "review": page("review"),
        "try a photo": page("try"),
        "roll back": page("action", "rollback"),
        "health": addresses.page("-", "health"),
    }


def model_archive() -> bytes:
    """Return a model.tar.gz with one small file."""
    archive, content = io.BytesIO(), b"weights"
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("weights")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()

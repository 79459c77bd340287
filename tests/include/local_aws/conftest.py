"""One server for all tests that do not stop it, and the check of conformance markers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiobotocore.client import AioBaseClient
from botocore.client import BaseClient

from include.local_aws.api.logs import LogsApi
from include.local_aws.api.sagemaker import SageMaker
from tests.include.local_aws.local_server import LocalServer, running


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A running server with an empty bucket."""
    with running(tmp_path_factory.mktemp("local_aws")) as server:
        yield server


@pytest.fixture(autouse=True)
def _called(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that does not call the operations in its conformance marker."""
    marker = request.node.get_closest_marker("conformance")
    if marker is None:
        yield
        return
    called: set[str] = set()
    for client in (BaseClient, AioBaseClient):
        monkeypatch.setattr(client, "_make_api_call", _recorded(client._make_api_call, called))
    for server in (SageMaker, LogsApi):  # for tests without a client
        monkeypatch.setattr(server, "call", _recorded(server.call, called))
    yield
    assert set(marker.args) <= called, f"it only called {sorted(called)}"


def _recorded(original: Any, called: set[str]) -> Callable[..., Any]:
    def call(client: Any, operation: str, arguments: Any) -> Any:
        called.add(operation)
        return original(client, operation, arguments)

    return call

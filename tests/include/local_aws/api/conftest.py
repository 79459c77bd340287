"""The API in the process of the test, with a separate state and without jobs or endpoints."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from include.local_aws.api.sagemaker import SageMaker
from include.local_aws.endpoints.manager import EndpointManager
from include.local_aws.services import Services
from include.local_aws.store import Store
from tests.include.local_aws.api.odd_requests import first_requests


class _Idle:
    """A job queue and image registry that do nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


class _IdleEndpoints(EndpointManager):
    def _spawn(self, change: Any, name: str) -> None:
        return


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The state of `api`."""
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


@pytest.fixture
def api(store: Store, tmp_path: Path) -> SageMaker:
    """The API, with one resource of each kind named a."""
    objects = SimpleNamespace(any_under=lambda uri: True)
    runtime = SimpleNamespace(
        store=store,
        objects=objects,
        settings=SimpleNamespace(work=tmp_path),
        images=_Idle(),
        alarms=SimpleNamespace(missing=lambda names: []),
    )
    idle, endpoints = cast(Any, _Idle()), _IdleEndpoints(cast(Any, runtime))
    api = SageMaker(Services(cast(Any, runtime), jobs=idle, endpoints=endpoints))
    for operation, request in first_requests("a"):
        api.call(operation, request)
    return api

"""The endpoint trigger waits until an endpoint has settled."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string

from sagemaker_jobs.triggers.endpoint import SageMakerEndpointTrigger
from tests.plugins.sagemaker_jobs.descriptions import endpoint
from tests.plugins.sagemaker_jobs.fake_async import FakeAsyncClient
from tests.plugins.sagemaker_jobs.triggers.conftest import fire, pace


@pytest.mark.asyncio
async def test_it_logs_each_status_until_the_endpoint_has_settled(
    monkeypatch: pytest.MonkeyPatch, log_lines: Callable[[Any], list[str]]
) -> None:
    client = FakeAsyncClient(
        describe_endpoint=[
            endpoint("Updating", "old"),
            endpoint("Updating", "old"),
            endpoint("RollingBack", "old"),
            endpoint("InService", "old"),
        ]
    )
    trigger = SageMakerEndpointTrigger(
        endpoint_name="cars", endpoint_config_name="new", connection={}, pace=pace()
    )

    async def connect() -> FakeAsyncClient:
        return client

    monkeypatch.setattr(trigger, "sagemaker", connect)
    lines = log_lines(trigger)
    assert await fire(trigger) == {"status": "ended", "endpoint_name": "cars"}
    assert lines == ["cars: Updating on old", "cars: RollingBack on old", "cars: InService on old"]
    path, arguments = trigger.serialize()
    assert import_string(path)(**arguments).serialize() == (path, arguments)

"""Fixtures: stubbed AWS clients, a deployment and a pipeline."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from tests.include.conftest import Stub

BUCKET = "some-bucket"
ROLE = "arn:aws:iam::123456789012:role/service-role/sagemaker"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:0.1"
SETTINGS = {
    "deployment": "testing",
    "artifact_bucket": BUCKET,
    "sagemaker_role_arn": ROLE,
    "image_uri": IMAGE,
}


class StubbedAws:
    """Creates one stubbed client per service; all prepared calls must be made, and no others."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubs: dict[str, Stub] = {}

    def __call__(self, service: str) -> Any:
        return self[service].client

    def __getitem__(self, service: str) -> Stub:
        if service not in self._stubs:
            stub = self._stubs[service] = Stub(service)
            self._stack.enter_context(stub.stubber)
        return self._stubs[service]

    def use_emulator(self, service: str) -> None:
        """Let a client connect to something other than AWS."""
        self(service).meta._endpoint_url = "http://127.0.0.1:4566"

    def done(self) -> None:
        for stub in self._stubs.values():
            stub.stubber.assert_no_pending_responses()


@pytest.fixture
def aws() -> Iterator[StubbedAws]:
    with ExitStack() as stack:
        stubbed = StubbedAws(stack)
        yield stubbed
        stubbed.done()


@pytest.fixture
def deployment() -> Deployment:
    return Deployment("testing", BUCKET, ROLE, IMAGE, "us-east-1")


@pytest.fixture
def cars() -> Pipeline:
    return find_pipeline("stanford_cars")

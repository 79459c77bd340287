"""Fixtures: a pipeline, a deployment, stubbed AWS clients, a stubbed registry, web mirrors."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from include.config import Deployment, Pipeline, find_pipeline
from include.storage.layout import Layout
from tests.include.image_classification.fetching.mirror import Mirror, mirror

WriteYaml = Callable[[str, str], Path]


@pytest.fixture
def deployment() -> Deployment:
    return Deployment(
        name="testing",
        bucket="some-bucket",
        role_arn="arn:aws:iam::123456789012:role/sagemaker",
        image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:0.1",
        region="us-east-1",
    )


@pytest.fixture
def cars() -> Pipeline:
    return find_pipeline("stanford_cars")


@pytest.fixture
def write_yaml(tmp_path: Path) -> WriteYaml:
    def write(name: str, content: str) -> Path:
        file = tmp_path / f"{name}.yaml"
        file.write_text(content, encoding="utf-8")
        return file

    return write


GROUP = "stanford-cars"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/stanford-cars"
THEN = datetime(2026, 1, 1, tzinfo=UTC)


class Stub:
    """A boto3 client with its stubber, which expects exactly the prepared calls in their order."""

    def __init__(self, service: str) -> None:
        self.client: Any = boto3.client(service, region_name="us-east-1")
        self.stubber = Stubber(self.client)

    def answer(self, operation: str, answer: dict[str, Any], **expected: Any) -> None:
        """Prepare a response; with `expected`, the call must have exactly these parameters."""
        self.stubber.add_response(operation, answer, expected or None)

    def refuse(self, operation: str, code: str, message: str = "") -> None:
        """Prepare an error response with this code."""
        self.stubber.add_client_error(operation, code, message)

    def body(self, content: bytes) -> dict[str, Any]:
        """Return a response with a streaming body, as S3 and endpoints return it."""
        return {"Body": StreamingBody(io.BytesIO(content), len(content))}

    def json(self, content: Any) -> dict[str, Any]:
        return self.body(json.dumps(content).encode())


def _stub(service: str) -> Iterator[Stub]:
    stub = Stub(service)
    with stub.stubber:
        yield stub
        stub.stubber.assert_no_pending_responses()


@pytest.fixture
def s3() -> Iterator[Stub]:
    yield from _stub("s3")


@pytest.fixture
def sagemaker() -> Iterator[Stub]:
    yield from _stub("sagemaker")


@pytest.fixture
def ecr() -> Iterator[Stub]:
    yield from _stub("ecr")


@pytest.fixture
def runtime() -> Iterator[Stub]:
    yield from _stub("sagemaker-runtime")


@pytest.fixture
def layout() -> Layout:
    return Layout("some-bucket", "stanford_cars")


class Registry:
    """Prepares a SageMaker stub's responses about model packages and the endpoint."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub

    def lists(self, *versions: int, **filters: str) -> None:
        """Prepare the list of the group's packages, newest first."""
        summaries = [
            {
                "ModelPackageArn": f"{ARN}/{version}",
                "CreationTime": THEN,
                "ModelPackageStatus": "Completed",
            }
            for version in versions
        ]
        self.stub.answer(
            "list_model_packages",
            {"ModelPackageSummaryList": summaries},
            ModelPackageGroupName=GROUP,
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=100,
            **filters,
        )

    def describes(self, version: int, approval: str = "Approved", **metadata: str) -> None:
        """Prepare the description of a package."""
        self.stub.answer(
            "describe_model_package",
            {
                "ModelPackageName": GROUP,
                "ModelPackageArn": f"{ARN}/{version}",
                "CreationTime": THEN,
                "ModelPackageStatus": "Completed",
                "ModelPackageStatusDetails": {"ValidationStatuses": []},
                "ModelApprovalStatus": approval,
                "InferenceSpecification": {
                    "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://b/m.tar.gz"}]
                },
                "CustomerMetadataProperties": metadata,
            },
            ModelPackageName=f"{ARN}/{version}",
        )

    def serves(self, version: int | None, status: str = "InService") -> None:
        """Prepare an endpoint that serves a package; None for a model outside the registry."""
        """Answer what leads from the endpoint to its model's container."""
        self.stub.answer(
            "describe_endpoint",
            {
                "EndpointName": GROUP,
                "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x",
                "EndpointConfigName": "config-1",
                "EndpointStatus": status,
                "CreationTime": THEN,
                "LastModifiedTime": THEN,
            },
        )
        if status != "InService":
            return
        self.stub.answer(
            "describe_endpoint_config",
            {
                "EndpointConfigName": "config-1",
                "EndpointConfigArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/x",
                "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": "model-1"}],
                "CreationTime": THEN,
            },
        )
        container = {"Image": "image:1"} if version is None else {}
        if version is not None:
            container = {"ModelPackageName": f"{ARN}/{version}"}
        self.stub.answer(
            "describe_model",
            {
                "ModelName": "model-1",
                "PrimaryContainer": container,
                "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/model-1",
                "CreationTime": THEN,
            },
        )

    def serves_nothing(self) -> None:
        """Prepare the error for an endpoint that does not exist."""
        message = 'Could not find endpoint "stanford-cars".'
        self.stub.refuse("describe_endpoint", "ValidationException", message)


@pytest.fixture
def registry(sagemaker: Stub) -> Registry:
    return Registry(sagemaker)


@pytest.fixture
def first() -> Iterator[Mirror]:
    with mirror() as served:
        yield served


@pytest.fixture
def second() -> Iterator[Mirror]:
    with mirror() as served:
        yield served

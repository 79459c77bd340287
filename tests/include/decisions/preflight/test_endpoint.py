"""Tests of the check of the endpoint's name."""

from datetime import UTC, datetime

import pytest

from include.config import Deployment, Pipeline
from include.decisions.preflight.endpoint import check_endpoint
from tests.include.decisions.preflight.conftest import StubbedAws

THEN = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
CONFIG = f"{ACCOUNT}:endpoint-config/config-1"


def serves(aws: StubbedAws, **tags: str) -> None:
    sagemaker = aws["sagemaker"]
    endpoint = {
        "EndpointName": "stanford-cars",
        "EndpointArn": f"{ACCOUNT}:endpoint/stanford-cars",
        "EndpointConfigName": "config-1",
        "EndpointStatus": "InService",
        "CreationTime": THEN,
        "LastModifiedTime": THEN,
    }
    sagemaker.answer("describe_endpoint", endpoint, EndpointName="stanford-cars")
    config = {
        "EndpointConfigName": "config-1",
        "EndpointConfigArn": CONFIG,
        "ProductionVariants": [{"VariantName": "v"}],
        "CreationTime": THEN,
    }
    sagemaker.answer("describe_endpoint_config", config, EndpointConfigName="config-1")
    found = [{"Key": key, "Value": value} for key, value in tags.items()]
    sagemaker.answer("list_tags", {"Tags": found}, ResourceArn=CONFIG)


def test_a_free_name_is_ok(aws: StubbedAws, cars: Pipeline, deployment: Deployment) -> None:
    aws["sagemaker"].refuse("describe_endpoint", "ValidationException", "Could not find endpoint")
    finding = check_endpoint(aws, cars, deployment)
    assert finding.status == "ok"
    assert finding.found == "stanford-cars (13 of 63 characters) is free"


@pytest.mark.parametrize(
    ("tags", "status", "found"),
    [
        ({"deployment": "testing"}, "ok", "stanford-cars belongs to this deployment, InService"),
        ({"deployment": "other"}, "failed", "stanford-cars belongs to deployment other"),
        ({"pipeline": "x"}, "unknown", "no tag names its deployment"),
    ],
)
def test_a_name_in_use_is_ok_only_if_it_belongs_to_this_deployment(
    aws: StubbedAws,
    cars: Pipeline,
    deployment: Deployment,
    tags: dict[str, str],
    status: str,
    found: str,
) -> None:
    """Two deployments of a pipeline in one account would update each other's endpoint."""
    serves(aws, **tags)
    finding = check_endpoint(aws, cars, deployment)
    assert (finding.status, found in finding.found) == (status, True)
    assert ("another name" in finding.fix) is (status != "ok")


def test_without_the_permission_the_name_is_unknown(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    aws["sagemaker"].refuse("describe_endpoint", "AccessDeniedException", "not authorized")
    finding = check_endpoint(aws, cars, deployment)
    assert (finding.status, finding.fix) == (
        "unknown",
        "allow sagemaker:DescribeEndpoint, or check it by hand",
    )


@pytest.mark.parametrize("name", ["x" * 64, "_", "cars-"])
def test_an_invalid_name_fails_without_a_call(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment, name: str
) -> None:
    finding = check_endpoint(aws, cars.model_copy(update={"name": name}), deployment)
    assert finding.status == "failed"
    assert finding.fix == "give the pipeline's YAML file another name"

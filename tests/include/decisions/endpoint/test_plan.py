"""Tests of the plan of an endpoint update."""

from typing import Any

import pytest

from include.config import Deployment, find_pipeline
from include.decisions.endpoint.plan import DeploymentState, decide_deployment, plan_deployment
from include.decisions.registry.packages import Package
from include.decisions.registry.serving_model import ServingModel

PACKAGE = Package("arn:x/2", "Approved", "image:1", "s3://b/m", {"training_job": "job-2"})


def state(
    package: Package | None, serving: str | None, status: str = "InService"
) -> DeploymentState:
    serving_model = ServingModel("cars", status, serving, "model-1", None) if serving else None
    requests: Any = {"endpoint_config": {"config": {"EndpointConfigName": "config-2"}}}
    return DeploymentState("cars", package, serving_model, requests)


def test_without_an_approved_package_nothing_is_deployed() -> None:
    decision = decide_deployment(state(None, None), force=True)
    assert not decision.go
    assert "no approved package yet" in decision.reason


def test_the_first_model_is_deployed() -> None:
    assert "no model serves yet" in decide_deployment(state(PACKAGE, None), force=False).reason


def test_another_configuration_is_deployed() -> None:
    decision = decide_deployment(state(PACKAGE, "config-1"), force=False)
    assert decision.go
    assert decision.reason == "model package 2 replaces model-1"


def test_an_unchanged_configuration_is_deployed_only_if_forced() -> None:
    assert not decide_deployment(state(PACKAGE, "config-2"), force=False).go
    assert decide_deployment(state(PACKAGE, "config-2"), force=True).go


@pytest.mark.parametrize("status", ["OutOfService", "UpdateRollbackFailed"])
def test_a_broken_endpoint_is_deployed_again(status: str) -> None:
    decision = decide_deployment(state(PACKAGE, "config-2", status), force=False)
    assert decision.go
    assert decision.reason == f"endpoint cars is {status}: model package 2 is deployed again"


def test_the_plan_has_the_requests_of_model_configuration_and_endpoint(
    sagemaker: Any, registry: Any
) -> None:
    deployment = Deployment(
        "testing", "some-bucket", "arn:aws:iam::123456789012:role/r", "image:1", "us-east-1"
    )
    registry.lists(5, ModelApprovalStatus="Approved")
    registry.describes(5, dataset_version="d1")
    registry.serves_nothing()
    cars = find_pipeline("stanford_cars")
    found = plan_deployment(sagemaker.client, cars, deployment, None)
    model, config, endpoint = (
        found.requests[name]["config"] for name in ("model", "endpoint_config", "endpoint")
    )
    assert model["PrimaryContainer"]["ModelPackageName"].endswith("/5")
    assert config["ProductionVariants"][0]["ModelName"] == model["ModelName"]
    assert endpoint["EndpointConfigName"] == config["EndpointConfigName"]
    assert endpoint["EndpointName"] == "stanford-cars"
    assert found.facts()["dataset_version"] == "d1"
    planned = found.planned()
    assert (planned["package"], planned["previous"]) == (found.facts(), None)
    assert planned["endpoint"] == {"config": endpoint, "replaces": None}


@pytest.mark.parametrize(
    ("serving", "replaced"), [("config-1", "config-1"), ("config-2", None), (None, None)]
)
def test_the_plan_has_the_configuration_that_it_replaces(
    serving: str | None, replaced: str | None
) -> None:
    """The task `deploy` compares it: another update may have finished in the meantime."""
    found = state(PACKAGE, serving)
    found.requests["endpoint"] = {"config": {}}
    planned = found.planned()
    assert planned["previous"] == planned["endpoint"]["replaces"] == replaced

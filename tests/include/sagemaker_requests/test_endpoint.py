"""Endpoint configurations and updates."""

from datetime import timedelta
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline
from include.config.sections.endpoint import PROVISIONING_TIMEOUT, Endpoint, Traffic


@cache
def service() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


def test_an_endpoint_configuration_is_named_by_its_content(
    cars: Pipeline, deployment: Deployment
) -> None:
    def name(count: int) -> str:
        endpoint = cars.endpoint.model_copy(update={"instance_count": count})
        pipeline = cars.model_copy(update={"endpoint": endpoint})
        made = make.endpoint_config_request(pipeline, deployment, "model-1")
        return str(made["config"]["EndpointConfigName"])

    assert name(1) == name(1)
    assert name(1) != name(2)


@pytest.mark.parametrize(
    ("settings", "routing"),
    [
        ({"rollback_alarms": ["errors"]}, {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300}),
        (
            {"traffic": {"shift": "canary", "step_percent": 10, "wait_seconds": 60}},
            {
                "Type": "CANARY",
                "WaitIntervalInSeconds": 60,
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
            },
        ),
        (
            {"traffic": {"shift": "linear", "step_percent": 25}},
            {
                "Type": "LINEAR",
                "WaitIntervalInSeconds": 300,
                "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
            },
        ),
    ],
)
def test_alarms_and_traffic_become_a_deployment_config(
    cars: Pipeline, settings: dict[str, Any], routing: dict[str, Any]
) -> None:
    endpoint = Endpoint(instance_count=2, **settings)
    request = make.endpoint_request(cars.model_copy(update={"endpoint": endpoint}), "config-1")
    shape = service().operation_model("UpdateEndpoint").input_shape
    assert not ParamValidator().validate(request["config"], shape).has_errors()
    config = request["config"]["DeploymentConfig"]
    assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == routing
    assert ("AutoRollbackConfiguration" in config) is bool(endpoint.rollback_alarms)


@pytest.mark.parametrize(
    ("traffic", "minutes"),
    [
        ({}, 5),
        ({"shift": "canary", "step_percent": 10, "wait_seconds": 600}, 20),
        ({"shift": "linear", "step_percent": 10, "wait_seconds": 900}, 150),
        ({"shift": "linear", "step_percent": 30, "wait_seconds": 600}, 40),
    ],
)
def test_the_timeout_covers_all_steps_of_an_update(traffic: dict[str, Any], minutes: int) -> None:
    endpoint = Endpoint(instance_count=2, traffic=Traffic(**traffic))
    assert endpoint.timeout == PROVISIONING_TIMEOUT + timedelta(minutes=minutes)


def test_without_alarms_and_steps_there_is_no_deployment_config(cars: Pipeline) -> None:
    assert "DeploymentConfig" not in make.endpoint_request(cars, "config-1")["config"]

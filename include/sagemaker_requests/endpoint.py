"""Requests of an endpoint configuration and of the endpoint."""

from __future__ import annotations

from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.sections.endpoint import Endpoint, Traffic
from include.config.versions import digest
from include.sagemaker_requests.job import ResourceRequest, tags

VARIANT = "AllTraffic"


def endpoint_config_request(
    pipeline: Pipeline, deployment: Deployment, model_name: str
) -> ResourceRequest:
    """Return the endpoint configuration of a model; its name contains a hash of its content."""
    variants = [
        {
            "VariantName": VARIANT,
            "ModelName": model_name,
            "InstanceType": pipeline.endpoint.instance_type,
            "InitialInstanceCount": pipeline.endpoint.instance_count,
            "InitialVariantWeight": 1.0,
        }
    ]
    return {
        "config": {
            "EndpointConfigName": f"{pipeline.slug}-{digest(variants)}",
            "ProductionVariants": variants,
            "Tags": tags(pipeline, deployment),
        }
    }


def endpoint_request(pipeline: Pipeline, endpoint_config_name: str) -> ResourceRequest:
    """Return the request that creates or updates the endpoint with a configuration."""
    config: dict[str, Any] = {
        "EndpointName": pipeline.slug,
        "EndpointConfigName": endpoint_config_name,
    }
    deployment = _deployment_config(pipeline.endpoint)
    return {"config": {**config, "DeploymentConfig": deployment} if deployment else config}


def _deployment_config(endpoint: Endpoint) -> dict[str, Any]:
    """Return the DeploymentConfig of updates; empty for SageMaker's default."""
    alarms, traffic = endpoint.rollback_alarms, endpoint.traffic
    if not alarms and traffic == Traffic():
        return {}
    routing: dict[str, Any] = {
        "Type": traffic.shift.upper(),
        "WaitIntervalInSeconds": traffic.wait_seconds,
    }
    if traffic.step_percent is not None:
        step = "CanarySize" if traffic.shift == "canary" else "LinearStepSize"
        routing[step] = {"Type": "CAPACITY_PERCENT", "Value": traffic.step_percent}
    config: dict[str, Any] = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
    }
    if alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return config

"""A model to the endpoint that serves it."""

from __future__ import annotations

from typing import Any

from include.pipeline.deployment import Deployment
from include.pipeline.form import Pipeline
from include.pipeline.requests.job import ResourceRequest, tags
from include.pipeline.versions import digest

VARIANT = "AllTraffic"


def endpoint_config_request(
    pipeline: Pipeline, deployment: Deployment, model_name: str
) -> ResourceRequest:
    """Return the endpoint configuration for a model; its name follows from its content."""
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
    """Return the endpoint with a configuration, to be created or updated."""
    config: dict[str, Any] = {
        "EndpointName": pipeline.slug,
        "EndpointConfigName": endpoint_config_name,
    }
    alarms = pipeline.endpoint.rollback_alarms
    if alarms:
        config["DeploymentConfig"] = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "ALL_AT_ONCE",
                    "WaitIntervalInSeconds": 300,
                }
            },
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]},
        }
    return {"config": config}

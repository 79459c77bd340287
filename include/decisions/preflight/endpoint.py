"""Check of the endpoint's name: valid, and not used by another deployment."""

from __future__ import annotations

import re
from typing import Any

from include.config import Deployment, Pipeline
from include.decisions.preflight.access import Aws, failed_call
from include.decisions.preflight.finding import Finding, failed, ok, unknown
from include.decisions.registry.serving_model import endpoint_status
from include.decisions.tags import read_tags

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def check_endpoint(aws: Aws, pipeline: Pipeline, deployment: Deployment) -> Finding:
    """Check that the endpoint's name can be used.

    The pipeline's name is the endpoint's name, so that two deployments of a pipeline in one
    account and region would update each other's endpoint. The tag of the serving configuration
    names its deployment.
    """
    check, name = "endpoint name", pipeline.slug
    rename = "give the pipeline's YAML file another name"
    if not NAME.fullmatch(name):
        return failed(check, f"{name!r} is not 1 to 63 letters, digits and inner hyphens", rename)
    action = "sagemaker:DescribeEndpoint"
    try:
        sagemaker = aws("sagemaker")
        endpoint = endpoint_status(sagemaker, name)
        if endpoint is None:
            return ok(check, f"{name} ({len(name)} of 63 characters) is free")
        action = "sagemaker:DescribeEndpointConfig"
        owner = _owner(sagemaker, endpoint.endpoint_config)
    except Exception as error:
        return failed_call(check, action, error)
    if owner == deployment.name:
        return ok(check, f"{name} belongs to this deployment, {endpoint.status}")
    if owner is None:
        found = f"{name} exists, {endpoint.status}; no tag names its deployment"
        return unknown(check, found, rename)
    return failed(
        check,
        f"{name} belongs to deployment {owner} in this account and region",
        f"{rename}, use another region or account, or delete the endpoint if it is not needed",
    )


def _owner(sagemaker: Any, config: str) -> str | None:
    """Return the deployment that created an endpoint configuration, by its tag."""
    arn = sagemaker.describe_endpoint_config(EndpointConfigName=config)["EndpointConfigArn"]
    return read_tags(sagemaker, arn).get("deployment")

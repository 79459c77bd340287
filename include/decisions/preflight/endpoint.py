"""The endpoint's name: may it be used, and is it free or already this deployment's?"""

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
    """Return whether the endpoint's name can be used.

    Endpoints are named by pipeline alone. Two deployments of one pipeline in one account and
    region would update each other's: the tag of the configuration that serves tells whose it is.
    """
    check, name = "endpoint name", pipeline.slug
    rename = "give the pipeline's YAML file another name"
    if not NAME.fullmatch(name):
        return failed(check, f"{name!r} is not 1 to 63 letters, digits and inner hyphens", rename)
    action = "sagemaker:DescribeEndpoint"
    try:
        sagemaker = aws("sagemaker")
        there = endpoint_status(sagemaker, name)
        if there is None:
            return ok(check, f"{name} ({len(name)} of 63 characters) is free")
        action = "sagemaker:DescribeEndpointConfig"
        owner = _owner(sagemaker, there.endpoint_config)
    except Exception as error:
        return failed_call(check, action, error)
    if owner == deployment.name:
        return ok(check, f"{name} is this deployment's, {there.status}")
    if owner is None:
        return unknown(check, f"{name} exists, {there.status}; no tag says whose it is", rename)
    return failed(
        check,
        f"{name} serves for deployment {owner} in this account and region",
        f"{rename}, or use another region or account; nobody needs it? delete the endpoint",
    )


def _owner(sagemaker: Any, config: str) -> str | None:
    """Return the deployment that made an endpoint configuration, as its tag says."""
    arn = sagemaker.describe_endpoint_config(EndpointConfigName=config)["EndpointConfigArn"]
    return read_tags(sagemaker, arn).get("deployment")

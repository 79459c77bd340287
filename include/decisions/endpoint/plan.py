"""Plan of an endpoint update: the package that should serve, and what serves now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.decisions.decision import Decision
from include.decisions.promotion.precision import check_precision
from include.decisions.registry.packages import Package, package_to_serve
from include.decisions.registry.serving_model import ServingModel, find_serving_model
from include.sagemaker_requests import (
    ResourceRequest,
    endpoint_config_request,
    endpoint_request,
    packaged_model_request,
)

BROKEN_STATES = frozenset({"OutOfService", "UpdateRollbackFailed"})
"""Statuses of an endpoint that does not serve its configuration on all instances."""


@dataclass(frozen=True)
class DeploymentState:
    """The package that should serve, and the model that serves now.

    Attributes:
        group: The pipeline's model package group.
        package: The package that should serve, or None if no package is approved.
        serving: The model that serves now, or None.
        requests: The requests `model`, `endpoint_config` and `endpoint` that deploy the package;
            empty without a package.
    """

    group: str
    package: Package | None
    serving: ServingModel | None
    requests: dict[str, ResourceRequest]

    @property
    def target_config(self) -> str:
        """The name of the endpoint configuration that should serve."""
        return str(self.requests["endpoint_config"]["config"]["EndpointConfigName"])

    @property
    def previous(self) -> str | None:
        """The name of the endpoint configuration that will be replaced, or None."""
        now = self.serving.endpoint_config if self.serving else None
        return None if now == self.target_config else now

    def facts(self) -> dict[str, str]:
        """Return the package's ARN, number and metadata, or {} without a package."""
        if self.package is None:
            return {}
        return {"arn": self.package.arn, "version": self.package.version, **self.package.metadata}

    def planned(self) -> dict[str, Any]:
        """Return the plan for the run's other tasks: requests, package facts, previous config.

        The endpoint's request has the configuration that it `replaces`: deploying fails if another
        update has changed the endpoint in the meantime.
        """
        endpoint = {**self.requests["endpoint"], "replaces": self.previous}
        return {
            **self.requests,
            "endpoint": endpoint,
            "package": self.facts(),
            "previous": self.previous,
        }


def plan_deployment(
    sagemaker: Any, pipeline: Pipeline, deployment: Deployment, version: int | None
) -> DeploymentState:
    """Determine the package that should serve, and read what serves now.

    Args:
        sagemaker: A boto3 SageMaker client.
        pipeline: The endpoint's pipeline.
        deployment: The running deployment.
        version: The package's number; None means the newest approved package.

    Raises:
        RegistryError: The given version does not exist or is not approved, or the endpoint's
            instances may not support its serving precision.
    """
    package = package_to_serve(sagemaker, pipeline.slug, version)
    if package:
        instance_type = pipeline.endpoint.instance_type
        check_precision(package, deployment, "endpoint.instance_type", instance_type)
    return DeploymentState(
        group=pipeline.slug,
        package=package,
        serving=find_serving_model(sagemaker, pipeline.slug),
        requests=_requests(pipeline, deployment, package) if package else {},
    )


def decide_deployment(state: DeploymentState, force: bool) -> Decision:
    """Decide whether to deploy; `force` means that a user wants it in any case."""
    if state.package is None:
        return Decision(False, f"model package group {state.group} has no approved package yet")
    target, now = f"model package {state.package.version}", state.serving
    if now is None:
        return Decision(True, f"no model serves yet; {target} is deployed")
    if now.endpoint_config != state.target_config:
        present = f"model package {now.package.version}" if now.package else now.model
        return Decision(True, f"{target} replaces {present}")
    if now.status in BROKEN_STATES:
        return Decision(
            True, f"endpoint {now.endpoint} is {now.status}: {target} is deployed again"
        )
    if force:
        return Decision(True, f"forced, though {target} serves")
    return Decision(False, f"endpoint {now.endpoint} already serves {target}")


def _requests(
    pipeline: Pipeline, deployment: Deployment, package: Package
) -> dict[str, ResourceRequest]:
    model = packaged_model_request(pipeline, deployment, package.arn, deployment.endpoint_role)
    config = endpoint_config_request(pipeline, deployment, model["config"]["ModelName"])
    name = config["config"]["EndpointConfigName"]
    return {
        "model": model,
        "endpoint_config": config,
        "endpoint": endpoint_request(pipeline, name),
    }

"""Does the endpoint already serve what it should?"""

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
"""An endpoint in these does not serve its configuration, or not everywhere, and does not try to."""


@dataclass(frozen=True)
class DeploymentState:
    """What should serve, and what serves now; None where there is nothing."""

    group: str
    package: Package | None
    champion: ServingModel | None
    requests: dict[str, ResourceRequest]
    """The model, endpoint_config and endpoint that serving the package takes."""

    @property
    def wanted(self) -> str:
        """The name of the endpoint configuration that should serve."""
        return str(self.requests["endpoint_config"]["config"]["EndpointConfigName"])

    @property
    def previous(self) -> str | None:
        """The name of another endpoint configuration that serves now, if one does."""
        now = self.champion.endpoint_config if self.champion else None
        return None if now == self.wanted else now

    def facts(self) -> dict[str, str]:
        """Return what the smoke test and the summary say of the package."""
        if self.package is None:
            return {}
        return {"arn": self.package.arn, "version": self.package.version, **self.package.metadata}

    def planned(self) -> dict[str, Any]:
        """Return all that follows from it: requests, the package's facts, and what serves now.

        The endpoint's request names what it `replaces`, so that it is of no use once that changed.
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
    """Look at registry and endpoint.

    Args:
        sagemaker: A boto3 SageMaker client.
        pipeline: Whose endpoint it is.
        deployment: Where.
        version: The package's number; None means the newest approved one.

    Raises:
        RegistryError: The version asked for does not exist, is not approved, or was judged in a
            precision that the endpoint's instances may not compute.
    """
    package = package_to_serve(sagemaker, pipeline.slug, version)
    if package:
        instance_type = pipeline.endpoint.instance_type
        check_precision(package, deployment, "endpoint.instance_type", instance_type)
    return DeploymentState(
        group=pipeline.slug,
        package=package,
        champion=find_serving_model(sagemaker, pipeline.slug),
        requests=_requests(pipeline, deployment, package) if package else {},
    )


def decide_deployment(state: DeploymentState, force: bool) -> Decision:
    """Decide whether to deploy; `force` means that a user wants it in any case."""
    if state.package is None:
        return Decision(False, f"model package group {state.group} has no approved package yet")
    wanted, now = f"model package {state.package.version}", state.champion
    if now is None:
        return Decision(True, f"nothing serves yet; {wanted} will")
    if now.endpoint_config != state.wanted:
        present = f"model package {now.package.version}" if now.package else now.model
        return Decision(True, f"{wanted} replaces {present}")
    if now.status in BROKEN_STATES:
        return Decision(True, f"endpoint {now.endpoint} is {now.status}: {wanted} is deployed anew")
    if force:
        return Decision(True, f"forced, though {wanted} serves")
    return Decision(False, f"endpoint {now.endpoint} serves {wanted} already")


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

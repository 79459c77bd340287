"""Variants and pending deployments in DescribeEndpoint."""

import time
from typing import Any

from include.local_aws.store import Body


def variant_summary(variant: dict[str, Any], current: dict[str, Any] | None = None) -> Body:
    """Return a member of ProductionVariants; `current` are its values until a change is done."""
    image = variant["model"]["image"]
    active = current or variant
    return {
        "VariantName": variant["name"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image}],
        "CurrentWeight": active["weight"],
        "DesiredWeight": variant["weight"],
        "CurrentInstanceCount": active["count"],
        "DesiredInstanceCount": variant["count"],
    }


def with_status(summaries: list[Body], status: str, message: str = "") -> list[Body]:
    """Return the variants with a stage of a deployment, such as `Baking`."""
    stage: Body = {"Status": status, "StartTime": time.time()}
    if message:
        stage["StatusMessage"] = message
    return [{**summary, "VariantStatus": [stage]} for summary in summaries]


def pending(deployment: Body, status: str, message: str = "") -> Body:
    """Return the PendingDeploymentSummary of an update.

    Args:
        deployment: EndpointConfigName, ProductionVariants and `_started`.
        status: The stage of its variants.
        message: The StatusMessage of the stage.
    """
    return {
        "EndpointConfigName": deployment["EndpointConfigName"],
        "ProductionVariants": with_status(deployment["ProductionVariants"], status, message),
        "StartTime": deployment.get("_started", time.time()),
    }

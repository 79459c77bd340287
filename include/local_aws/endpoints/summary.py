"""How DescribeEndpoint shows variants, and a deployment that is under way."""

import time
from typing import Any

from include.local_aws.store import Body


def variant_summary(variant: dict[str, Any], current: dict[str, Any] | None = None) -> Body:
    """A member of ProductionVariants; `current` is what it has until a change is through."""
    image = variant["model"]["image"]
    now = current or variant
    return {
        "VariantName": variant["name"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image}],
        "CurrentWeight": now["weight"],
        "DesiredWeight": variant["weight"],
        "CurrentInstanceCount": now["count"],
        "DesiredInstanceCount": variant["count"],
    }


def with_status(summaries: list[Body], status: str, message: str = "") -> list[Body]:
    """The same variants in a stage of a deployment, as `Baking`."""
    stage: Body = {"Status": status, "StartTime": time.time()}
    if message:
        stage["StatusMessage"] = message
    return [{**summary, "VariantStatus": [stage]} for summary in summaries]


def pending(deployment: Body, status: str, message: str = "") -> Body:
    """PendingDeploymentSummary of what an endpoint is on the way to.

    Args:
        deployment: EndpointConfigName, ProductionVariants and `_started`.
        status: the stage that its variants are in.
        message: what more there is to say of it.
    """
    return {
        "EndpointConfigName": deployment["EndpointConfigName"],
        "ProductionVariants": with_status(deployment["ProductionVariants"], status, message),
        "StartTime": deployment.get("_started", time.time()),
    }

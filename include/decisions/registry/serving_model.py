"""Which model serves: derived from the endpoint, never stored a second time.

Which model a candidate must beat is decided in `choose_champion`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.common.aws_errors import is_missing
from include.decisions.registry.packages import Package, describe_package

CHANGING_STATES = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
"""An endpoint in these will serve something else soon, or the same again."""


@dataclass(frozen=True)
class EndpointStatus:
    """What AWS says of an endpoint; `failure_reason` is empty where it gives none."""

    name: str
    status: str
    endpoint_config: str
    failure_reason: str


@dataclass(frozen=True)
class ServingModel:
    """What an endpoint serves now; `package` is None for a model from outside the registry."""

    endpoint: str
    status: str
    endpoint_config: str
    model: str
    package: Package | None


def endpoint_status(sagemaker: Any, endpoint: str) -> EndpointStatus | None:
    """Describe an endpoint, or return None where there is none of that name."""
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise
        return None
    return EndpointStatus(
        name=endpoint,
        status=described["EndpointStatus"],
        endpoint_config=described["EndpointConfigName"],
        failure_reason=described.get("FailureReason", ""),
    )


def find_serving_model(sagemaker: Any, endpoint: str) -> ServingModel | None:
    """Follow endpoint, configuration and model to the package that serves.

    Returns:
        None where there is no endpoint, or none that ever served.
    """
    now = endpoint_status(sagemaker, endpoint)
    if now is None or now.status in {"Failed", "Creating", "Deleting"}:
        return None
    config = now.endpoint_config
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    model = variants[0]["ModelName"]
    return ServingModel(
        endpoint=endpoint,
        status=now.status,
        endpoint_config=config,
        model=model,
        package=_package(sagemaker, model),
    )


def _package(sagemaker: Any, model: str) -> Package | None:
    described = sagemaker.describe_model(ModelName=model)
    container = described.get("PrimaryContainer") or described["Containers"][0]
    arn = container.get("ModelPackageName")
    return describe_package(sagemaker, arn) if arn else None

"""The model that an endpoint serves, read from the endpoint.

`choose_champion` returns the model that a candidate must beat, which may be another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.common.aws_errors import is_missing
from include.decisions.registry.packages import Package, describe_package

CHANGING_STATES = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
"""Statuses of an endpoint that is being changed."""


@dataclass(frozen=True)
class EndpointStatus:
    """An endpoint as SageMaker describes it; `failure_reason` is "" if there is none."""

    name: str
    status: str
    endpoint_config: str
    failure_reason: str


@dataclass(frozen=True)
class ServingModel:
    """The model that an endpoint serves; `package` is None if it is not from the registry."""

    endpoint: str
    status: str
    endpoint_config: str
    model: str
    package: Package | None


def endpoint_status(sagemaker: Any, endpoint: str) -> EndpointStatus | None:
    """Describe an endpoint, or return None if it does not exist."""
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
    """Return the model that an endpoint serves, by its endpoint configuration.

    Returns:
        None if the endpoint does not exist or has never served.
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

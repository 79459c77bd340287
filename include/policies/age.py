"""Is the model that serves too old to be trusted?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.policies.champion import champion_package


def staleness(sagemaker: Any, endpoint: str, max_days: int | None, now: datetime) -> str | None:
    """Return how old the serving model is, where that is older than the pipeline allows.

    Args:
        sagemaker: A boto3 SageMaker client.
        endpoint: The endpoint whose model is looked at.
        max_days: The pipeline's limit, or None for no limit, when nothing is asked of AWS.
        now: The present moment, with its time zone.

    Returns:
        None where the model is young enough, where nothing serves, and where what serves does not
        come from the registry: of that no age is known.
    """
    package = champion_package(sagemaker, endpoint) if max_days is not None else None
    if max_days is None or package is None:
        return None
    registered = sagemaker.describe_model_package(ModelPackageName=package.arn)["CreationTime"]
    age = now - registered
    if age <= timedelta(days=max_days):
        return None
    return (
        f"endpoint {endpoint} serves model package {package.version}, registered {age.days} days "
        f"ago; notifications.max_model_age_days allows {max_days}"
    )

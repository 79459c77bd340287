"""Detect a champion that is older than the pipeline allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.decisions.registry.packages import Package


def model_age_warning(
    sagemaker: Any, package: Package | None, max_days: int | None, now: datetime
) -> str | None:
    """Return how old the best model is, where that is older than the pipeline allows.

    Args:
        sagemaker: A boto3 SageMaker client.
        package: What `choose_champion` returned.
        max_days: The pipeline's limit, or None for no limit, when nothing is asked of AWS.
        now: The present moment, with its time zone.

    Returns:
        None where the model is young enough, and where there is none.
    """
    if max_days is None or package is None:
        return None
    registered = sagemaker.describe_model_package(ModelPackageName=package.arn)["CreationTime"]
    age = now - registered
    if age <= timedelta(days=max_days):
        return None
    return (
        f"model package {package.version}, the champion, was registered {age.days} days ago; "
        f"notifications.max_model_age_days allows {max_days}"
    )

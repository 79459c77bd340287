"""Detect a champion that is older than the pipeline allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.decisions.registry.packages import Package


def model_age_warning(
    sagemaker: Any, champion: Package | None, max_days: int | None, now: datetime
) -> str | None:
    """Return a warning if the champion is older than `max_days`.

    Args:
        sagemaker: A boto3 SageMaker client. It is not called if there is no limit or no champion.
        champion: The champion's package, from `choose_champion`.
        max_days: The pipeline's limit in days, or None for no limit.
        now: The current time, timezone-aware.

    Returns:
        The warning's text, or None if the champion is young enough or there is no champion.
    """
    if max_days is None or champion is None:
        return None
    registered = sagemaker.describe_model_package(ModelPackageName=champion.arn)["CreationTime"]
    age = now - registered
    if age <= timedelta(days=max_days):
        return None
    return (
        f"model package {champion.version}, the champion, was registered {age.days} days ago; "
        f"notifications.max_model_age_days allows {max_days}"
    )

"""Figures of the model that an endpoint serves, for metrics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.decisions.registry.serving_model import find_serving_model

SCORES = ("top1", "top5", "calibration_error")


def serving_figures(sagemaker: Any, endpoint: str, now: datetime) -> dict[str, float]:
    """Return the figures of the model that serves; empty if none of the registry's serves.

    Args:
        sagemaker: A boto3 SageMaker client.
        endpoint: The endpoint's name.
        now: The current time, timezone-aware.

    Returns:
        `release`, `age_days` since its registration, and those of `SCORES` that its package has.
    """
    served = find_serving_model(sagemaker, endpoint)
    if served is None or served.package is None:
        return {}
    package = served.package
    registered = sagemaker.describe_model_package(ModelPackageName=package.arn)["CreationTime"]
    scores = {name: package.metadata.get(name) for name in SCORES}
    return {
        "age_days": round((now - registered) / timedelta(days=1), 3),
        **({"release": int(package.version)} if package.version.isdecimal() else {}),
        **{name: float(score) for name, score in scores.items() if score not in (None, "", "None")},
    }

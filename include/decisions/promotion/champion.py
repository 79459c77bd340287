"""The champion: the best model so far, which a candidate must beat.

Promotion, warm start and model age use the same rule:

1. The package that the endpoint serves and the newest approved package are eligible. A Rejected
   package is not eligible, even if it serves; neither is the candidate's own package.
2. If there is one such package, it is the champion.
3. If there are two, for example after a failed endpoint update, the champion is the one with more
   correct predictions on the photos that both have predicted. If they have equally many, or no
   photo in common, it is the newer package, which had to beat the older one or was approved by a
   user.

Batches are predicted by another model, `choose_batch_model`: the package that serves, even if a
better one is approved. The better one has not passed the smoke test, or an operator has replaced
it.
"""

from __future__ import annotations

from typing import Any

from include.decisions.promotion.paired_predictions import pair_predictions
from include.decisions.registry.packages import Package, newest_approved
from include.decisions.registry.serving_model import find_serving_model
from include.storage.layout import Layout


def choose_champion(
    s3: Any, sagemaker: Any, layout: Layout, group: str, candidate: str | None = None
) -> Package | None:
    """Return the champion's package, or None if no model serves and none is approved.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        layout: The pipeline's S3 keys.
        group: The pipeline's model package group, which is also the name of its endpoint.
        candidate: The training job of a candidate, whose own package is not eligible.
    """
    serving = _serving(sagemaker, group, candidate)
    newest = newest_approved(sagemaker, group, without_job=candidate)
    if serving is None or newest is None or serving.arn == newest.arn:
        return serving or newest
    return _better(s3, layout, serving, newest)


def choose_batch_model(sagemaker: Any, group: str) -> Package | None:
    """Return the package that predicts batches, or None if no model serves and none is approved.

    It is the package that the endpoint serves, unless that package is Rejected. Without such a
    package (no endpoint, or a model from outside the registry) it is the newest approved package.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The pipeline's model package group, which is also the name of its endpoint.
    """
    return _serving(sagemaker, group, None) or newest_approved(sagemaker, group)


def _serving(sagemaker: Any, endpoint: str, candidate: str | None) -> Package | None:
    served = find_serving_model(sagemaker, endpoint)
    package = served.package if served else None
    if package is None or package.approval == "Rejected":
        return None
    is_candidate = candidate is not None and package.metadata.get("training_job") == candidate
    return None if is_candidate else package


def _better(s3: Any, layout: Layout, one: Package, other: Package) -> Package:
    newer, older = sorted((one, other), key=_number, reverse=True)
    job = newer.metadata.get("training_job")
    paired = pair_predictions(s3, layout, job, older) if job else None
    return older if paired and paired.gain < 0 else newer


def _number(package: Package) -> int:
    """Return a package's number in its group; 0, the oldest, for a package without a group."""
    return int(package.version) if package.version.isdecimal() else 0

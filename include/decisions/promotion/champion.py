"""The champion: the best model so far, which a candidate must beat.

One rule, wherever a best model is asked for (promotion, warm start, model age):

1. The model that the endpoint serves and the newest approved package are the two that may be it.
   A Rejected package is none, though it serves; neither is the candidate's own package.
2. Where there is one of them, or both are the same package, that is the champion.
3. Where they differ, as after an update that failed or without a rollback's rejections, it is the
   one that got more of the photos right that both were asked. With as many, or where no photo was
   asked of both, it is the newer package, which had to beat the older one or was approved by hand.

Batches are answered by `choose_batch_model`: the model that serves, although a better one may be
approved. That one has not passed the endpoint's smoke test, or a person has replaced it.
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
    """Return the champion's package, or None where no model serves and none is approved.

    Args:
        s3: A boto3 S3 client.
        sagemaker: A boto3 SageMaker client.
        layout: The pipeline's S3 keys.
        group: The pipeline's model package group, whose name is the endpoint's, too.
        candidate: The training job of a candidate, whose own package is left out.
    """
    serving = _serving(sagemaker, group, candidate)
    newest = newest_approved(sagemaker, group, without_job=candidate)
    if serving is None or newest is None or serving.arn == newest.arn:
        return serving or newest
    return _better(s3, layout, serving, newest)


def choose_batch_model(sagemaker: Any, group: str) -> Package | None:
    """Return the package that answers batches, or None where no model serves and none is approved.

    It is the package that the endpoint serves, unless that package is Rejected. Without such a
    package (no endpoint, or a model from outside the registry) it is the champion, which is then
    the newest approved package.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The pipeline's model package group, whose name is the endpoint's, too.
    """
    return _serving(sagemaker, group, None) or newest_approved(sagemaker, group)


def _serving(sagemaker: Any, endpoint: str, candidate: str | None) -> Package | None:
    served = find_serving_model(sagemaker, endpoint)
    package = served.package if served else None
    if package is None or package.approval == "Rejected":
        return None
    own = candidate is not None and package.metadata.get("training_job") == candidate
    return None if own else package


def _better(s3: Any, layout: Layout, one: Package, other: Package) -> Package:
    newer, older = sorted((one, other), key=_number, reverse=True)
    job = newer.metadata.get("training_job")
    paired = pair_predictions(s3, layout, job, older) if job else None
    return older if paired and paired.gain < 0 else newer


def _number(package: Package) -> int:
    """Return a package's number in its group; one of no group counts as the oldest."""
    return int(package.version) if package.version.isdecimal() else 0

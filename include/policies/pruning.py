"""Which of a pipeline's endpoint configurations and models are kept, and what goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from include.pipeline.deployment import Deployment
from include.pipeline.form import Pipeline
from include.policies.refusals import is_missing
from include.policies.release import Release
from include.policies.tags import tags_of

YOUNG = timedelta(days=1)
"""What is younger may belong to a run that still goes on."""


def configs_to_keep(
    releases: Sequence[Release], approved: Collection[int], serving: str, keep: int
) -> set[str]:
    """Return the endpoint configurations that serve or may have to come back.

    Args:
        releases: What was deployed, the last first.
        approved: The numbers of the packages that may serve: a rollback goes to no other.
        serving: The configuration in use.
        keep: How many releases to keep, the one in use among them; from 2, so that the last good
            one is always there.
    """
    others = dict.fromkeys(
        release.endpoint_config
        for release in releases
        if release.version in approved and release.endpoint_config != serving
    )
    return {serving, *list(others)[: keep - 1]}


def prune(
    sagemaker: Any, pipeline: Pipeline, deployment: Deployment, keep: Collection[str], now: datetime
) -> dict[str, list[str]]:
    """Delete the other endpoint configurations of this pipeline and deployment, and their models.

    Only what carries the pipeline's and the deployment's tags and is older than a day goes. The
    artifacts stay in S3, so that any package can be deployed again.

    Args:
        sagemaker: A boto3 SageMaker client.
        pipeline: Whose.
        deployment: Where.
        keep: The endpoint configurations that stay, with their models.
        now: The present moment, with its time zone.

    Returns:
        The names of the deleted `endpoint_configs` and `models`.
    """
    kept_models = {model for config in keep for model in _models_of(sagemaker, config)}
    configs = [
        name
        for name in _own(sagemaker, pipeline, deployment, "EndpointConfig", now)
        if name not in keep
    ]
    for name in configs:
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
    models = [
        name
        for name in _own(sagemaker, pipeline, deployment, "Model", now)
        if name not in kept_models
    ]
    for name in models:
        sagemaker.delete_model(ModelName=name)
    return {"endpoint_configs": configs, "models": models}


def _models_of(sagemaker: Any, config: str) -> Iterator[str]:
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise
        return
    yield from (variant["ModelName"] for variant in described["ProductionVariants"])


def _own(
    sagemaker: Any, pipeline: Pipeline, deployment: Deployment, kind: str, now: datetime
) -> list[str]:
    """Return the names of a pipeline's things of a kind; all, before any of them is deleted."""
    operation = {"EndpointConfig": "list_endpoint_configs", "Model": "list_models"}[kind]
    pages = sagemaker.get_paginator(operation).paginate(
        NameContains=pipeline.slug, CreationTimeBefore=now - YOUNG
    )
    tags = {"pipeline": pipeline.name, "deployment": deployment.name}
    return [
        entry[f"{kind}Name"]
        for page in pages
        for entry in page[f"{kind}s"]
        if tags.items() <= tags_of(sagemaker, entry[f"{kind}Arn"]).items()
    ]

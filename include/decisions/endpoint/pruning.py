"""Which of a pipeline's endpoint configurations and models are kept, and what goes."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from include.common.aws_errors import is_missing
from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.decisions.endpoint.release import Release
from include.decisions.tags import read_tags
from include.sagemaker_requests import packaged_model_request

log = logging.getLogger(__name__)

YOUNG = timedelta(days=1)
"""What is younger may belong to a run that still goes on."""


class PruningIncompleteError(Exception):
    """AWS refused to delete some; the text names them. Nothing that is needed is touched."""


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
        keep: The endpoint configurations that stay, with their models, and the models by which
            batch transform runs the same packages under the jobs' role.
        now: The current time, timezone-aware.

    Returns:
        The names of the deleted `endpoint_configs` and `models`.

    Raises:
        PruningIncompleteError: AWS refused to delete some of them; the others are deleted.
    """
    served = {model for config in keep for model in _models_of(sagemaker, config)}
    kept_models = served | {
        packaged_model_request(pipeline, deployment, package, deployment.role_arn)["config"][
            "ModelName"
        ]
        for package in _packages_of(sagemaker, served)
    }
    configs = [
        name
        for name in _own(sagemaker, pipeline, deployment, "EndpointConfig", now)
        if name not in keep
    ]
    refused: dict[str, str] = {}
    deleted = _delete(sagemaker, "delete_endpoint_config", "EndpointConfigName", configs, refused)
    # A configuration that stays keeps its models.
    kept_models |= {model for config in refused for model in _models_of(sagemaker, config)}
    models = [
        name
        for name in _own(sagemaker, pipeline, deployment, "Model", now)
        if name not in kept_models
    ]
    done = {
        "endpoint_configs": deleted,
        "models": _delete(sagemaker, "delete_model", "ModelName", models, refused),
    }
    if refused:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise PruningIncompleteError(
            f"not deleted: {reasons}; deleted: {done}. Fix the cause and clear this task; until "
            "then these only take a name, and cost nothing"
        )
    return done


def _delete(
    sagemaker: Any, call: str, field: str, names: Collection[str], refused: dict[str, str]
) -> list[str]:
    """Delete what has these names; return those deleted, and add the reason of each other."""
    deleted: list[str] = []
    for name in names:
        try:
            getattr(sagemaker, call)(**{field: name})
        except sagemaker.exceptions.ClientError as error:
            refused[name] = str(error)
        else:
            log.info("%s: %s", call, name)
            deleted.append(name)
    return deleted


def _models_of(sagemaker: Any, config: str) -> Iterator[str]:
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise
        return
    yield from (variant["ModelName"] for variant in described["ProductionVariants"])


def _packages_of(sagemaker: Any, models: Collection[str]) -> Iterator[str]:
    """Yield the registered packages that models run; one that is gone runs none."""
    for model in sorted(models):
        try:
            described = sagemaker.describe_model(ModelName=model)
        except sagemaker.exceptions.ClientError as error:
            if not is_missing(error):
                raise
            continue
        if package := described.get("PrimaryContainer", {}).get("ModelPackageName"):
            yield package


def _own(
    sagemaker: Any, pipeline: Pipeline, deployment: Deployment, kind: str, now: datetime
) -> list[str]:
    """Return the names of a pipeline's things of a kind; all, before any of them is deleted.

    `NameContains` finds other pipelines' names, too, whose tags Airflow may not read.
    """
    operation = {"EndpointConfig": "list_endpoint_configs", "Model": "list_models"}[kind]
    pages = sagemaker.get_paginator(operation).paginate(
        NameContains=pipeline.slug, CreationTimeBefore=now - YOUNG
    )
    tags = {"pipeline": pipeline.name, "deployment": deployment.name}
    return [
        entry[f"{kind}Name"]
        for page in pages
        for entry in page[f"{kind}s"]
        if entry[f"{kind}Name"].startswith(f"{pipeline.slug}-")
        and tags.items() <= read_tags(sagemaker, entry[f"{kind}Arn"]).items()
    ]

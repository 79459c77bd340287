"""Deletion of a pipeline's old endpoint configurations and models."""

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

MINIMUM_AGE = timedelta(days=1)
"""Younger resources are kept, because they may belong to a run in progress."""


class PruningIncompleteError(Exception):
    """Some resources could not be deleted; the text names them and the deleted ones."""


def configs_to_keep(
    releases: Sequence[Release], approved: Collection[int], serving: str, keep: int
) -> set[str]:
    """Return the endpoint configurations to keep: the one in use and those for rollbacks.

    Args:
        releases: The pipeline's releases, the last first.
        approved: The numbers of the approved packages; a rollback deploys no others.
        serving: The configuration in use.
        keep: The number of releases to keep, including the one in use; at least 2, so that a
            rollback is always possible.
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
    """Delete the other endpoint configurations and models of this pipeline and deployment.

    Only resources that have the pipeline's and the deployment's tags and are older than a day are
    deleted. The model artifacts stay in S3, so that every package can be deployed again.

    Args:
        sagemaker: A boto3 SageMaker client.
        pipeline: The resources' pipeline.
        deployment: The running deployment.
        keep: The endpoint configurations to keep. Their models are kept, too, and the models of
            the same packages for batch transform, which have the jobs' role.
        now: The current time, timezone-aware.

    Returns:
        The names of the deleted `endpoint_configs` and `models`.

    Raises:
        PruningIncompleteError: Some could not be deleted; the others are deleted.
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
        for name in _tagged_names(sagemaker, pipeline, deployment, "EndpointConfig", now)
        if name not in keep
    ]
    errors: dict[str, str] = {}
    deleted = _delete(sagemaker, "delete_endpoint_config", "EndpointConfigName", configs, errors)
    # A configuration that could not be deleted still needs its models.
    kept_models |= {model for config in errors for model in _models_of(sagemaker, config)}
    models = [
        name
        for name in _tagged_names(sagemaker, pipeline, deployment, "Model", now)
        if name not in kept_models
    ]
    done = {
        "endpoint_configs": deleted,
        "models": _delete(sagemaker, "delete_model", "ModelName", models, errors),
    }
    if errors:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in errors.items())
        raise PruningIncompleteError(
            f"not deleted: {reasons}; deleted: {done}. Fix the cause and clear this task; the "
            "resources that are left cost nothing"
        )
    return done


def _delete(
    sagemaker: Any, call: str, field: str, names: Collection[str], errors: dict[str, str]
) -> list[str]:
    """Delete the named resources, and return the deleted names; add the others to `errors`."""
    deleted: list[str] = []
    for name in names:
        try:
            getattr(sagemaker, call)(**{field: name})
        except sagemaker.exceptions.ClientError as error:
            errors[name] = str(error)
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
    """Yield the ARNs of the models' packages; a missing model has none."""
    for model in sorted(models):
        try:
            described = sagemaker.describe_model(ModelName=model)
        except sagemaker.exceptions.ClientError as error:
            if not is_missing(error):
                raise
            continue
        if package := described.get("PrimaryContainer", {}).get("ModelPackageName"):
            yield package


def _tagged_names(
    sagemaker: Any, pipeline: Pipeline, deployment: Deployment, kind: str, now: datetime
) -> list[str]:
    """Return the names of the resources with the pipeline's and the deployment's tags.

    The list is complete before anything is deleted. `NameContains` also finds other pipelines'
    resources, whose tags Airflow may not read, so the prefix is checked first.
    """
    operation = {"EndpointConfig": "list_endpoint_configs", "Model": "list_models"}[kind]
    pages = sagemaker.get_paginator(operation).paginate(
        NameContains=pipeline.slug, CreationTimeBefore=now - MINIMUM_AGE
    )
    tags = {"pipeline": pipeline.name, "deployment": deployment.name}
    return [
        entry[f"{kind}Name"]
        for page in pages
        for entry in page[f"{kind}s"]
        if entry[f"{kind}Name"].startswith(f"{pipeline.slug}-")
        and tags.items() <= read_tags(sagemaker, entry[f"{kind}Arn"]).items()
    ]

"""The archives that models and endpoints serve, found through SageMaker's API.

A model names its archive, or a package of the registry that names it. An API call that fails leaves
a gap in the lineage and a warning in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sagemaker_jobs.aws_errors import Client, error_message
from sagemaker_jobs.lineage.events import lineage

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

log = logging.getLogger(__name__)


def model_lineage(client: Client, model: Mapping[str, Any]) -> OperatorLineage[Any, Any]:
    """Return the lineage of the creation of a model: its archives are read.

    Args:
        client: A SageMaker client of boto3.
        model: The model's description, or the request that creates it.
    """
    return lineage(archives(client, model))


def endpoint_lineage(client: Client, endpoint: str, config: str) -> OperatorLineage[Any, Any]:
    """Return the lineage of a deployment: from the models' archives to the endpoint.

    OpenLineage has no names for endpoints: the namespace is `sagemaker://<region>`.

    Args:
        client: A SageMaker client of boto3.
        endpoint: The endpoint's name.
        config: The name of the endpoint configuration that it serves.
    """
    served = f"sagemaker://{client.meta.region_name}/endpoints/{endpoint}"
    return lineage(_config_archives(client, config), [served])


def named_model_archives(client: Client, name: str) -> list[str]:
    """Return the S3 URIs of the archives of a model, by the model's name."""
    try:
        return archives(client, client.describe_model(ModelName=name))
    except Exception as error:
        log.warning("OpenLineage: the archive of %s is unknown: %s", name, error_message(error))
        return []


def archives(client: Client, model: Mapping[str, Any]) -> list[str]:
    """Return the S3 URIs of the archives of a model, by its description or request."""
    found = [model.get("PrimaryContainer") or {}, *model.get("Containers", ())]
    return [uri for container in found for uri in _container_archives(client, container)]


def _container_archives(client: Client, container: Mapping[str, Any]) -> Iterator[str]:
    if uri := container.get("ModelDataUrl"):
        yield uri
    if package := container.get("ModelPackageName"):
        try:
            described = client.describe_model_package(ModelPackageName=package)
        except Exception as error:
            log.warning("OpenLineage: %s is unknown: %s", package, error_message(error))
            return
        for packaged in described.get("InferenceSpecification", {}).get("Containers", ()):
            if uri := packaged.get("ModelDataUrl"):
                yield uri


def _config_archives(client: Client, config: str) -> list[str]:
    try:
        described = client.describe_endpoint_config(EndpointConfigName=config)
    except Exception as error:
        log.warning("OpenLineage: the models of %s are unknown: %s", config, error_message(error))
        return []
    names = dict.fromkeys(variant["ModelName"] for variant in described["ProductionVariants"])
    return [uri for name in names for uri in named_model_archives(client, name)]

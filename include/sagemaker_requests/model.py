"""Requests of models: of a candidate, and of a registered package."""

from __future__ import annotations

from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.config.versions import digest
from include.contracts.environment import Precision
from include.sagemaker_requests.job import ResourceRequest, tags
from include.sagemaker_requests.precision import environment


def candidate_model_request(
    pipeline: Pipeline,
    deployment: Deployment,
    model_uri: str,
    precision: Precision | None = None,
) -> ResourceRequest:
    """Return the model of a candidate; its name contains a hash of its content.

    A name from the training job alone would already be used after the YAML changes the precision
    or the network isolation and `prepare` is cleared.

    Args:
        pipeline: The candidate's pipeline.
        deployment: The deployment with image and role.
        model_uri: The model.tar.gz of the candidate's training job.
        precision: The result of `choose_precision`, in which the candidate is evaluated.
    """
    container = {
        "Image": deployment.image(pipeline.training.algorithm),
        "ModelDataUrl": model_uri,
        **environment(precision),
    }
    return _request(pipeline, deployment, container, deployment.role_arn)


def packaged_model_request(
    pipeline: Pipeline, deployment: Deployment, package_arn: str, role_arn: str
) -> ResourceRequest:
    """Return the model of a registered package; its name contains a hash of its content.

    Args:
        pipeline: The package's pipeline.
        deployment: The deployment in which the model runs.
        package_arn: The registered package.
        role_arn: The role of its containers: the role of jobs for batch transform, the endpoint's
            role for the endpoint.
    """
    return _request(pipeline, deployment, {"ModelPackageName": package_arn}, role_arn)


def _request(
    pipeline: Pipeline, deployment: Deployment, container: dict[str, Any], role_arn: str
) -> ResourceRequest:
    name = digest({"container": container, "role": role_arn, **_isolation(pipeline)})
    return {
        "config": {
            "ModelName": f"{pipeline.slug}-{name}",
            "ExecutionRoleArn": role_arn,
            "PrimaryContainer": container,
            **_isolation(pipeline),
            "Tags": tags(pipeline, deployment),
        }
    }


def _isolation(pipeline: Pipeline) -> dict[str, bool]:
    return {"EnableNetworkIsolation": True} if pipeline.network.isolates else {}

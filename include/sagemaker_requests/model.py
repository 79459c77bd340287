"""A trained artifact or a registered package to a model that jobs and endpoints can name."""

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
    """Return the model of a candidate; its name follows from all that it holds.

    A name from the training job alone would be taken when the YAML changes the precision or the
    network isolation and `prepare` is cleared.

    Args:
        pipeline: Whose.
        deployment: Where.
        model_uri: The model.tar.gz of the candidate's training job.
        precision: What `choose_precision` returns: the candidate is judged in it.
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
    """Return the model of a registered package; its name follows from all that it holds.

    Args:
        pipeline: Whose.
        deployment: Where.
        package_arn: The registered package.
        role_arn: The role that its containers run under: the jobs' for batch transform, the
            endpoint's for the endpoint.
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

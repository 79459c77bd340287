"""A trained artifact or a registered package to a model that jobs and endpoints can name."""

from __future__ import annotations

from include.pipeline.deployment import Deployment
from include.pipeline.form import Pipeline
from include.pipeline.precision import Precision, environment
from include.pipeline.requests.job import ResourceRequest, tags
from include.pipeline.versions import digest


def candidate_model_request(
    pipeline: Pipeline,
    deployment: Deployment,
    training_job: str,
    model_uri: str,
    precision: Precision | None = None,
) -> ResourceRequest:
    """Return the model of a candidate, named like its training job.

    `precision` is what `choose_precision` returns: its answers are judged in it.
    """
    return {
        "config": {
            "ModelName": training_job,
            "ExecutionRoleArn": deployment.role_arn,
            "PrimaryContainer": {
                "Image": deployment.image(pipeline.training.algorithm),
                "ModelDataUrl": model_uri,
                **environment(precision),
            },
            **_isolation(pipeline),
            "Tags": tags(pipeline, deployment),
        }
    }


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
    container = {"ModelPackageName": package_arn}
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

"""A trained artifact or a registered package to a model that jobs and endpoints can name."""

from __future__ import annotations

from include.pipeline.deployment import Deployment
from include.pipeline.form import Pipeline
from include.pipeline.requests.job import ResourceRequest, tags
from include.pipeline.versions import digest


def candidate_model_request(
    pipeline: Pipeline, deployment: Deployment, training_job: str, model_uri: str
) -> ResourceRequest:
    """Return the model of a candidate, named like its training job."""
    return {
        "config": {
            "ModelName": training_job,
            "ExecutionRoleArn": deployment.role_arn,
            "PrimaryContainer": {
                "Image": deployment.image(pipeline.training.algorithm),
                "ModelDataUrl": model_uri,
            },
            "Tags": tags(pipeline, deployment),
        }
    }


def packaged_model_request(
    pipeline: Pipeline, deployment: Deployment, package_arn: str
) -> ResourceRequest:
    """Return the model of a registered package; its name follows from package and role."""
    container = {"ModelPackageName": package_arn}
    name = digest({"container": container, "role": deployment.role_arn})
    return {
        "config": {
            "ModelName": f"{pipeline.slug}-{name}",
            "ExecutionRoleArn": deployment.role_arn,
            "PrimaryContainer": container,
            "Tags": tags(pipeline, deployment),
        }
    }

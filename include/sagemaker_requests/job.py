"""What all requests have in common."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline

JOB_NAME = "{job_name}"
"""Stands in requests for the job's name, which is known when the job is submitted."""

FIRST_JOB_NAME = "{first_job_name}"
"""Stands for the name of the first of all attempts at the same work, which are named together."""


LONGEST_PREFIX = 50
"""Of SageMaker's 63 characters for a name: a hyphen and 12 digits follow."""


class JobRequest(TypedDict):
    """A job to submit: the boto3 request without the job's name, and what the name is made of."""

    prefix: str
    deployment: str
    config: dict[str, Any]


class ResourceRequest(TypedDict):
    """A model, endpoint configuration or endpoint to have: the boto3 request."""

    config: dict[str, Any]
    prefix: NotRequired[str]


def job_request(
    pipeline: Pipeline, deployment: Deployment, stage: str, config: dict[str, Any]
) -> JobRequest:
    """Put a request together; `<pipeline>-<stage>` becomes the start of the job's name."""
    return {
        "prefix": f"{pipeline.slug}-{stage}",
        "deployment": deployment.name,
        "config": {**config, "Tags": tags(pipeline, deployment)},
    }


def tags(pipeline: Pipeline, deployment: Deployment) -> list[dict[str, str]]:
    """Return the tags by which costs and resources are found."""
    return [
        {"Key": "pipeline", "Value": pipeline.name},
        {"Key": "deployment", "Value": deployment.name},
        {"Key": "owner", "Value": pipeline.owner},
    ]

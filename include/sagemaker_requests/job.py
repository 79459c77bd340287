"""Types, placeholders and tags of requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.sagemaker_requests.package import metadata

JOB_NAME = "{job_name}"
"""Placeholder of the job's name, which is known when the job is submitted."""

FIRST_JOB_NAME = "{first_job_name}"
"""Placeholder of the name of the first attempt, which all attempts at the same work share."""


LONGEST_PREFIX = 50
"""SageMaker allows 63 characters for a name: a hyphen and 12 digits follow the prefix."""


class JobRequest(TypedDict):
    """A job to submit: the boto3 request without the job's name, and the parts of the name.

    `work` is for jobs that runs share, as `shared_request` says. A completed attempt at the work is
    used, unless its number is at most `newer_than`, or among the `lost`, whose output is gone.
    """

    prefix: str
    deployment: str
    config: dict[str, Any]
    work: NotRequired[str]
    newer_than: NotRequired[int]
    lost: NotRequired[list[int]]


class ResourceRequest(TypedDict):
    """The boto3 request of a model, endpoint configuration or endpoint."""

    config: dict[str, Any]
    prefix: NotRequired[str]


def job_request(
    pipeline: Pipeline, deployment: Deployment, stage: str, config: dict[str, Any]
) -> JobRequest:
    """Return a job's request; the prefix of the job's name is `<pipeline>-<stage>`."""
    return {
        "prefix": f"{pipeline.slug}-{stage}",
        "deployment": deployment.name,
        "config": {**config, "Tags": tags(pipeline, deployment)},
    }


def shared_request(request: JobRequest, work: str, facts: Mapping[str, str]) -> JobRequest:
    """Return the request of a job that all runs with the same work share.

    Args:
        request: The request of a job that one run has for itself.
        work: What the job makes, such as the fingerprint of a training.
        facts: What another run has to know about the job; its tags have them.
    """
    config = request["config"]
    known = [{"Key": key, "Value": value} for key, value in metadata(facts).items()]
    config = {**config, "Tags": [*config["Tags"], *known]}
    return {**request, "config": config, "work": work}


def tags(pipeline: Pipeline, deployment: Deployment) -> list[dict[str, str]]:
    """Return the tags of jobs and resources, for costs and for finding them."""
    return [
        {"Key": "pipeline", "Value": pipeline.name},
        {"Key": "deployment", "Value": deployment.name},
        {"Key": "owner", "Value": pipeline.owner},
    ]

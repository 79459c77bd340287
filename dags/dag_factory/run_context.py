"""The context of a task: deployment, pipeline with overrides, and AWS clients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow.sdk import Variable

from include.config import Deployment, Pipeline, find_pipeline
from include.storage.layout import Layout

CONNECTION = "aws_default"

ENDPOINT_READ_TIMEOUT_SECONDS = 70
"""SageMaker's own limit for the model's answer is 60 seconds."""


@dataclass(frozen=True)
class RunContext:
    """What a task needs to read, decide and write."""

    pipeline: Pipeline
    deployment: Deployment

    @property
    def bucket(self) -> str:
        """The bucket of all objects."""
        return self.deployment.bucket

    @property
    def layout(self) -> Layout:
        """The keys of the pipeline's objects."""
        return Layout(self.bucket, self.pipeline.name)

    @cached_property
    def s3(self) -> Any:
        """A boto3 S3 client."""
        return aws_client("s3")

    @cached_property
    def sagemaker(self) -> Any:
        """A boto3 SageMaker client."""
        return aws_client("sagemaker")

    @cached_property
    def ecr(self) -> Any:
        """A boto3 ECR client, which resolves an image's tag to its digest."""
        return aws_client("ecr")

    @cached_property
    def runtime(self) -> Any:
        """A boto3 SageMaker runtime client, with short timeouts for endpoints that hang."""
        return aws_client(
            "sagemaker-runtime",
            read_timeout=ENDPOINT_READ_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 2},
        )


def load_context(pipeline: str) -> RunContext:
    """Read the Airflow Variables and the pipeline's file; only while a task runs.

    Raises:
        DeploymentError: An Airflow Variable is missing or invalid.
        PipelineError: The pipeline's file is invalid for this deployment.
    """
    deployment = load_deployment()
    return RunContext(find_pipeline(pipeline, deployment.name), deployment)


def load_deployment() -> Deployment:
    """Read the Airflow Variables of the installation; only while a task runs.

    Raises:
        DeploymentError: An Airflow Variable is missing or invalid.
    """
    return Deployment(
        name=variable("deployment"),
        bucket=variable("artifact_bucket"),
        role_arn=variable("sagemaker_role_arn"),
        image_uri=variable("image_uri"),
        region=aws_client("sagemaker").meta.region_name,
        endpoint_role_arn=variable("sagemaker_endpoint_role_arn"),
        fetch_allowed_hosts=variable("fetch_allowed_hosts"),
    )


def variable(name: str) -> str:
    """Return an Airflow Variable, or an empty text if it is not set."""
    return str(Variable.get(name, default=""))


def aws_client(service: str, **limits: Any) -> Any:
    """Return a boto3 client with the settings of the Airflow connection `aws_default`.

    Args:
        service: boto3's name of the AWS service.
        **limits: Arguments of botocore's Config, which override the connection's.
    """
    # Loading boto3's model of a service takes longer than parsing all DAGs.
    from sagemaker_jobs.aws_hook import create_client

    return create_client(CONNECTION, service, **limits)

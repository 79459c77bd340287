"""The installation: deployment and AWS clients, from Airflow's Variables and connection.

Tasks have `dag_factory.run_context`; the API server may not import the DAGs' modules. The Variables
are read again every minute, so that a change needs no restart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from include.config import Deployment, Pipeline, find_pipeline
from include.config.deployment import SETTINGS
from include.storage.layout import Layout
from model_page.s3_lists import parse_lists_fast

CONNECTION = "aws_default"
"""The Airflow connection of all AWS clients, as of the DAGs."""

MAX_AGE_SECONDS = 60.0

TIMEOUTS = {
    "connect_timeout": 3,
    "read_timeout": 10,
    "retries": {"total_max_attempts": 2},
    "max_pool_connections": 16,
}
"""A page must say soon that AWS does not answer."""

CLOUDWATCH_TIMEOUTS = {
    "connect_timeout": 2,
    "read_timeout": 3,
    "retries": {"total_max_attempts": 1},
    "max_pool_connections": 16,
}

PREDICTION_TIMEOUTS = {
    "connect_timeout": 3,
    "read_timeout": 70,
    "retries": {"total_max_attempts": 1},
}
"""SageMaker's own limit for a model's answer is 60 seconds."""


class Installation:
    """A deployment with its AWS clients, which are made when they are needed.

    Args:
        deployment: The running deployment.
        client: Returns a boto3 client by the service's name and botocore's settings.
    """

    def __init__(self, deployment: Deployment, client: Callable[..., Any]) -> None:
        self.deployment = deployment
        self._client = client

    @cached_property
    def s3(self) -> Any:
        """A boto3 S3 client, whose lists of keys have names and times only."""
        client = self._client("s3", **TIMEOUTS)
        parse_lists_fast(client)
        return client

    @cached_property
    def sagemaker(self) -> Any:
        """A boto3 SageMaker client."""
        return self._client("sagemaker", **TIMEOUTS)

    @cached_property
    def runtime(self) -> Any:
        """A boto3 SageMaker runtime client."""
        return self._client("sagemaker-runtime", **PREDICTION_TIMEOUTS)

    @cached_property
    def logs(self) -> Any:
        """A boto3 CloudWatch Logs client."""
        return self._client("logs", **TIMEOUTS)

    @cached_property
    def cloudwatch(self) -> Any:
        """A boto3 CloudWatch client with a short timeout: pages can do without its figures."""
        return self._client("cloudwatch", **CLOUDWATCH_TIMEOUTS)

    def pipeline(self, name: str) -> Pipeline:
        """Load a pipeline with this deployment's overrides.

        Raises:
            PipelineError: There is no pipeline of this name, or its file is invalid.
        """
        return find_pipeline(name, self.deployment.name)

    def layout(self, pipeline: str) -> Layout:
        """Return the S3 keys of a pipeline."""
        return Layout(self.deployment.bucket, pipeline)


class CurrentInstallation:
    """The installation, read again after a minute; its clients stay while nothing has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Installation | None = None
        self._read_at = 0.0

    def __call__(self) -> Installation:
        """Return the installation.

        Raises:
            DeploymentError: An Airflow Variable is missing or invalid.
        """
        with self._lock:
            if self._known and time.monotonic() - self._read_at < MAX_AGE_SECONDS:
                return self._known
            deployment = _read_deployment()
            if self._known is None or self._known.deployment != deployment:
                self._known = Installation(deployment, _aws_client)
            self._read_at = time.monotonic()
            return self._known


def _read_deployment() -> Deployment:
    from airflow.sdk import Variable

    values = {
        setting.field: str(Variable.get(setting.variable, default="")) for setting in SETTINGS
    }
    return Deployment(region=str(_aws_client("sagemaker").meta.region_name), **values)


def _aws_client(service: str, **limits: Any) -> Any:
    from sagemaker_jobs.aws_hook import create_client

    return create_client(CONNECTION, service, **limits)

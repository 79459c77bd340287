"""boto3 clients of the running local AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from include.local_run.proxies import proxy_exceptions
from include.local_run.stack.aws import BUCKET
from include.storage.layout import Layout


@dataclass(frozen=True)
class AwsClients:
    """The clients, all of the same local AWS."""

    s3: Any
    sagemaker: Any
    runtime: Any
    logs: Any

    def layout(self, pipeline: str) -> Layout:
        """Return the S3 keys of a pipeline."""
        return Layout(BUCKET, pipeline)


def create_clients(environment: Mapping[str, str]) -> AwsClients:
    """Create the clients from the stack's AWS environment variables.

    All other AWS settings are removed from the environment of this process first, so that no
    call can reach a real AWS account.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ.update(no_files | dict(environment))
    os.environ.update(proxy_exceptions(os.environ))
    settings = Config(retries={"mode": "adaptive", "max_attempts": 6})
    names = ("s3", "sagemaker", "sagemaker-runtime", "logs")
    session = boto3.Session()
    return AwsClients(*(session.client(name, config=settings) for name in names))

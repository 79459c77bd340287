"""AWS clients of the running stack, and of nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from include.local_run.stack.aws import BUCKET
from include.storage.layout import Layout


@dataclass(frozen=True)
class Aws:
    """The clients, all of one local AWS."""

    s3: Any
    sagemaker: Any
    runtime: Any
    logs: Any

    def layout(self, pipeline: str) -> Layout:
        """The keys of a pipeline's objects."""
        return Layout(BUCKET, pipeline)


def connect(environment: Mapping[str, str]) -> Aws:
    """Makes the clients that the stack's variables lead to.

    The caller's own AWS settings are taken out of this process's environment first, so that
    nothing here can reach a real account.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ.update(nowhere | dict(environment))
    bypass = [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, bypass))
    settings = Config(retries={"mode": "adaptive", "max_attempts": 6})
    names = ("s3", "sagemaker", "sagemaker-runtime", "logs")
    session = boto3.Session()
    return Aws(*(session.client(name, config=settings) for name in names))

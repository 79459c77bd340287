"""AWS sessions of Airflow's hooks that share boto3's descriptions of services.

To create a client, boto3 parses the description of the service: 0.2 s for SageMaker, in each
session, and each task has a session of its own. Here, sessions share one loader. What the scheduler
has loaded, its forks, which run the tasks, need not load again.
"""

from __future__ import annotations

from typing import Any

import boto3.session
import botocore.session
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook, BaseSessionFactory
from botocore.loaders import Loader, create_loader

SERVICES = ("sagemaker", "s3", "sts", "logs", "sagemaker-runtime", "cloudwatch")
"""Services that tasks call."""

_LOADER: Loader = create_loader()


class SharedModelsSessionFactory(BaseSessionFactory):
    """The session factory in Airflow's setting `[aws] session_factory`."""

    def _create_basic_session(self, session_kwargs: dict[str, Any]) -> boto3.session.Session:
        session = botocore.session.get_session()
        session.register_component("data_loader", _LOADER)
        return boto3.session.Session(botocore_session=session, **session_kwargs)


def create_clients() -> None:
    """Create a client of each of SERVICES, so that this process and its forks have loaded it."""
    for service in SERVICES:
        AwsBaseHook(aws_conn_id="aws_default", client_type=service).get_client_type()

"""A client of boto3 that answers from a script."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sagemaker_jobs.identity import JobIdentity


@pytest.fixture(scope="session")
def client() -> Any:
    return boto3.client("sagemaker", region_name="us-east-1")


@pytest.fixture
def sagemaker(client: Any) -> Iterator[Stubber]:
    """Every scripted call must be made, in this order, and no other one."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def identity() -> JobIdentity:
    return JobIdentity("here", "cars__training", "submit", "manual__1", -1, 0)

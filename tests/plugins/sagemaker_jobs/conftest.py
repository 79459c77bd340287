"""A stubbed boto3 client, and a local AWS that runs jobs."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sagemaker_jobs.jobs.identity import JobIdentity
from tests.include.local_aws.local_server import LocalServer, running


@pytest.fixture(scope="session")
def client() -> Any:
    return boto3.client("sagemaker", region_name="us-east-1")


@pytest.fixture
def sagemaker(client: Any) -> Iterator[Stubber]:
    """A stub that expects all added calls, in this order, and no others."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def identity() -> JobIdentity:
    return JobIdentity("here", "cars__training", "submit", "manual__1", -1, 0)


@pytest.fixture(scope="package")
def local_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A running local AWS with an empty bucket."""
    with running(tmp_path_factory.mktemp("local_aws")) as server:
        yield server


@pytest.fixture
def aws(local_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """The local AWS, as the target of Airflow's connection."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    for name, value in local_server.environment.items():
        monkeypatch.setenv(name, value)
    return local_server

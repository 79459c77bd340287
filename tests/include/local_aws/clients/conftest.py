"""Fixtures for tests of clients."""

import pytest

from tests.include.local_aws.clients.configs import Configs
from tests.include.local_aws.local_server import LocalServer


@pytest.fixture(scope="session")
def configs(aws: LocalServer) -> Configs:
    """Requests for the running server."""
    return Configs(aws)


@pytest.fixture
def airflow_connection(aws: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point Airflow's hooks to the running server by environment variables, as users do."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)

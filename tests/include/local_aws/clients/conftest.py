"""What tests of clients share."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.include.local_aws.clients.configs import Configs
from tests.include.local_aws.local_server import LocalServer


@pytest.fixture(scope="session")
def configs(aws: LocalServer) -> Configs:
    """Requests for the running server."""
    return Configs(aws)


@pytest.fixture
def airflow_connection(aws: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point Airflow's hooks at the running server, as users do: by the environment."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def told() -> Callable[[Any], list[str]]:
    """Let a hook log where the test can read it; return the list of lines."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("told")
    logger.addHandler(Lines())

    def listen(speaker: Any) -> list[str]:
        speaker._log = logger
        return lines

    return listen

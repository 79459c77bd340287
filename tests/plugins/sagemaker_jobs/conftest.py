"""A client of boto3 that answers from a script."""

import logging
from collections.abc import Callable, Iterator
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


@pytest.fixture
def told() -> Callable[[Any], list[str]]:
    """Let an operator or a trigger log where the test can read it; return the list of lines.

    Airflow's own loggers write past the logging module.
    """
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("told")
    logger.addHandler(Lines())

    def listen(speaker: Any) -> list[str]:
        # Triggers keep theirs in the one attribute, operators in the other.
        speaker._log = speaker._cached_logger = logger
        return lines

    return listen

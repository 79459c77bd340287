"""The end of the log of a job or an endpoint, for a failure."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sagemaker_jobs.jobs.log_tail import last_lines_of_endpoint

GROUP = "/aws/sagemaker/Endpoints/cars"


@pytest.fixture
def logs() -> Iterator[Stubber]:
    with Stubber(boto3.client("logs", region_name="us-east-1")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_the_newest_instances_of_an_endpoint_are_read(logs: Stubber) -> None:
    """The older ones serve the former configuration."""
    streams = [
        {"logStreamName": f"AllTraffic/i-{number}", "creationTime": created}
        for number, created in ((1, 300), (2, 100), (3, 200))
    ]
    logs.add_response("describe_log_streams", {"logStreams": streams}, {"logGroupName": GROUP})
    for number in (3, 1):
        expected: dict[str, Any] = {"logGroupName": GROUP, "startFromHead": False, "limit": 30}
        event = {"message": f"line of {number}\n"}
        logs.add_response(
            "get_log_events",
            {"events": [event]},
            {**expected, "logStreamName": f"AllTraffic/i-{number}"},
        )
    assert last_lines_of_endpoint(logs.client, "cars") == ["line of 3", "line of 1"]


def test_an_endpoint_that_never_started_has_no_log(logs: Stubber) -> None:
    logs.add_client_error("describe_log_streams", "ResourceNotFoundException")
    assert last_lines_of_endpoint(logs.client, "cars") == []

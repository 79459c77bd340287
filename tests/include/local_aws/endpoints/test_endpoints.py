"""Endpoints: requests, failures, updates and deletion."""

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.local_server import LocalServer, unique_name
from tests.waiting import LONG


@pytest.fixture(scope="module")
def endpoint(aws: LocalServer) -> str:
    return aws.endpoint(aws.config(aws.model(VERSION="1")))


@pytest.mark.conformance("InvokeEndpoint")
def test_a_request_reaches_the_model_byte_for_byte(aws: LocalServer, endpoint: str) -> None:
    answer = aws.invoke(endpoint, bytes(range(256)))
    assert (answer["length"], answer["type"], answer["model"]) == (256, "image/jpeg", "trained")
    assert answer["batch"] is None


@pytest.mark.conformance("InvokeEndpoint")
def test_the_response_names_the_variant(aws: LocalServer, endpoint: str) -> None:
    answer = aws.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"1", TargetVariant="all")
    assert answer["InvokedProductionVariant"] == "all"
    assert answer["ContentType"] == "application/json"
    with pytest.raises(ClientError, match="Variant other of endpoint"):
        aws.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"1", TargetVariant="other")


@pytest.mark.conformance("InvokeEndpoint")
def test_a_containers_error_reaches_the_caller_as_model_error(
    aws: LocalServer, endpoint: str
) -> None:
    with pytest.raises(aws.runtime.exceptions.ModelError) as rejected:
        aws.invoke(endpoint, b"bad")
    answer = rejected.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert (answer["OriginalStatusCode"], answer["OriginalMessage"]) == (400, "not an image")


@pytest.mark.conformance("InvokeEndpoint")
def test_a_body_over_six_megabytes_is_413(aws: LocalServer, endpoint: str) -> None:
    assert aws.invoke(endpoint, b"0" * 6_291_456)["length"] == 6_291_456
    with pytest.raises(ClientError) as rejected:
        aws.invoke(endpoint, b"0" * 6_291_457)
    assert rejected.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.mark.conformance("InvokeEndpoint", "DescribeEndpoint", "CreateEndpoint")
def test_an_endpoint_that_does_not_exist(aws: LocalServer) -> None:
    with pytest.raises(ClientError, match="Endpoint no-such of account 123456789012 not found"):
        aws.invoke("no-such", b"1")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        aws.sagemaker.describe_endpoint(EndpointName="no-such")
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        aws.sagemaker.create_endpoint(EndpointName="x", EndpointConfigName="no-such")


@pytest.mark.conformance("CreateEndpoint")
def test_creating_an_existing_endpoint_is_rejected(aws: LocalServer, endpoint: str) -> None:
    config = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        aws.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)


@pytest.mark.conformance("CreateEndpoint", "DescribeEndpoint")
def test_an_endpoint_that_cannot_start_fails_with_a_reason(aws: LocalServer) -> None:
    name = unique_name("endpoint")
    config = aws.config(aws.model(DIES_AT_START="1"), count=2)
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    found = aws.wait_for_endpoint(name)
    assert found["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in found["FailureReason"]


@pytest.mark.conformance("UpdateEndpoint")
def test_an_update_shifts_the_traffic_and_loses_no_request(aws: LocalServer) -> None:
    name = aws.endpoint(aws.config(aws.model(VERSION="1")))
    versions: list[str] = []
    stop = threading.Event()

    def send_requests() -> None:
        while not stop.is_set():
            versions.append(aws.invoke(name, b"1")["version"])

    client = threading.Thread(target=send_requests)
    client.start()
    new = aws.config(aws.model(VERSION="2"))
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
    found = aws.wait_for_endpoint(name)
    time.sleep(0.3)
    stop.set()
    client.join()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", new)
    assert versions == sorted(versions)
    assert {versions[0], versions[-1]} == {"1", "2"}


@pytest.mark.conformance("UpdateEndpoint")
def test_an_update_that_fails_is_rolled_back(aws: LocalServer) -> None:
    old = aws.config(aws.model(VERSION="1"))
    name = aws.endpoint(old)
    bad = aws.config(aws.model(DIES_AT_START="1"))
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=bad)
    found = aws.wait_for_endpoint(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert "rolled back" in found["FailureReason"]
    assert aws.invoke(name, b"1")["version"] == "1"


@pytest.mark.conformance("CreateEndpoint", "DeleteEndpoint")
def test_an_endpoint_is_creating_until_its_container_is_healthy(
    aws: LocalServer,
) -> None:
    name, config = unique_name("endpoint"), unique_name("config")
    aws.sagemaker.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[
            {
                "VariantName": "all",
                "ModelName": aws.model(UNHEALTHY="1"),
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "ContainerStartupHealthCheckTimeoutInSeconds": 60,
            }
        ],
    )
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    time.sleep(1)
    assert aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Creating"
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        aws.sagemaker.delete_endpoint(EndpointName=name)


def test_a_process_that_ended_is_restarted(aws: LocalServer) -> None:
    name = aws.endpoint(aws.config(aws.model()))
    before = aws.invoke(name, b"1")["pid"]
    with pytest.raises(ClientError):
        aws.invoke(name, b"die")
    assert _invoke_after_restart(aws, name)["pid"] != before


def test_two_instances_take_turns(aws: LocalServer) -> None:
    name = aws.endpoint(aws.config(aws.model(), count=2))
    assert len({aws.invoke(name, b"1")["pid"] for _ in range(4)}) == 2


@pytest.mark.conformance("DeleteEndpoint")
def test_delete_stops_the_process_and_removes_the_endpoint(aws: LocalServer) -> None:
    name = aws.endpoint(aws.config(aws.model()))
    aws.sagemaker.delete_endpoint(EndpointName=name)
    aws.sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": int(10 * LONG)}
    )
    assert not list((aws.root / "work/endpoints").glob(f"{name}-*"))


@pytest.mark.conformance("DescribeLogStreams", "GetLogEvents")
def test_the_log_of_an_endpoint_is_a_log_stream(aws: LocalServer) -> None:
    config = aws.config(aws.model(DIES_AT_START="1"))
    name = unique_name("endpoint")
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    aws.wait_for_endpoint(name)
    group = f"/aws/sagemaker/Endpoints/{name}"
    (stream,) = aws.logs.describe_log_streams(logGroupName=group)["logStreams"]
    events = aws.logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])
    assert [event["message"] for event in events["events"]] == ["no model here"]


def _invoke_after_restart(aws: LocalServer, name: str) -> Any:
    deadline = time.monotonic() + LONG
    while True:
        try:
            return aws.invoke(name, b"1")
        except ClientError:
            assert time.monotonic() < deadline
            time.sleep(0.1)

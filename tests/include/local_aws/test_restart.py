"""The state of the server after a kill and a restart."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.invoking import alarm_request, deployment_config
from tests.include.local_aws.local_server import BUCKET, LocalServer
from tests.waiting import LONG


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path / "aws", jobs=1)
    server.start()
    server.s3.create_bucket(Bucket=BUCKET)
    yield server
    assert server.stop() == 0
    assert _processes_of(server) == []


def test_a_killed_server_restarts_with_everything_but_the_running_job(
    server: LocalServer,
) -> None:
    data = server.put("data", a="1")
    endpoint = server.endpoint(server.config(server.model(VERSION="1")))
    running = server.train(data, sleep="300", ignore_sigterm="1", orphan="301")
    server.wait_for_log("training", running, "sleeping")
    waiting = server.train(data)
    updating = server.endpoint(server.config(server.model(VERSION="1")))
    new = server.config(server.model(VERSION="2", START_DELAY="3"))
    server.sagemaker.update_endpoint(EndpointName=updating, EndpointConfigName=new)

    server.kill()
    _assert_all_end(server)
    server.start()

    job = server.sagemaker.describe_training_job(TrainingJobName=running)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError: the local server stopped")
    assert job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert server.wait_for_job("training", waiting)["TrainingJobStatus"] == "Completed"
    assert "sleeping" in server.log("training", running)
    assert server.get(f"{data}/a.txt") == b"1"
    assert server.wait_for_endpoint(endpoint)["EndpointStatus"] == "InService"
    assert server.invoke(endpoint, b"1")["version"] == "1"
    found = server.wait_for_endpoint(updating)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", new)
    assert server.invoke(updating, b"1")["version"] == "2"
    assert not list((server.root / "work").glob("training-job/*"))
    assert server.wait_for_job("training", server.train(data))["TrainingJobStatus"] == "Completed"


def test_an_alarm_rolls_an_update_back_after_a_restart(
    server: LocalServer,
) -> None:
    """The alarm and the update were acknowledged before the kill."""
    old, bad = (server.config(server.model(**{name: "1"})) for name in ("VERSION", "BROKEN"))
    name = server.endpoint(old)
    dimensions = {"EndpointName": name, "VariantName": "all", "EndpointConfigName": bad}
    cloudwatch = server.client("cloudwatch")
    for alarm in ("errors", "deleted"):
        request = alarm_request(alarm, "Invocation5XXErrors", 0, dimensions)
        cloudwatch.put_metric_alarm(**request)
    cloudwatch.delete_alarms(AlarmNames=["deleted"])
    server.sagemaker.update_endpoint(
        EndpointName=name,
        EndpointConfigName=bad,
        DeploymentConfig=deployment_config(wait=120, alarms=["errors"]),
    )

    server.kill()
    server.start()

    (alarm,) = server.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["Threshold"], alarm["StateValue"]) == ("errors", 0, "OK")
    assert len(alarm["Dimensions"]) == 3
    deadline = time.monotonic() + LONG
    found = server.sagemaker.describe_endpoint(EndpointName=name)
    while found["EndpointStatus"] != "InService" and time.monotonic() < deadline:
        with contextlib.suppress(ClientError):
            server.invoke(name, b"1")
        found = server.sagemaker.describe_endpoint(EndpointName=name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert "errors" in found["FailureReason"]
    assert server.invoke(name, b"1")["version"] == "1"


def test_a_job_that_waits_for_a_slot_stops_at_once(server: LocalServer) -> None:
    data = server.put("data", a="1")
    running = server.train(data, sleep="300")
    server.wait_for_log("training", running, "sleeping")
    waiting = server.train(data)
    job = server.sagemaker.describe_training_job(TrainingJobName=waiting)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("InProgress", "Starting")
    server.sagemaker.stop_training_job(TrainingJobName=waiting)
    job = server.sagemaker.describe_training_job(TrainingJobName=waiting)
    assert job["TrainingJobStatus"] == "Stopped"
    server.sagemaker.stop_training_job(TrainingJobName=running)
    steps = server.wait_for_job("training", running)["SecondaryStatusTransitions"]
    assert [step["Status"] for step in steps][-3:] == ["Stopping", "Uploading", "Stopped"]


def _assert_all_end(server: LocalServer) -> None:
    deadline = time.monotonic() + LONG
    while left := _processes_of(server):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def _processes_of(server: LocalServer) -> list[str]:
    """Return the processes with the server's folder in their command line or environment.

    These are its children and their descendants.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes()
            if str(server.root).encode() in text + (entry / "environ").read_bytes():
                found.append(text.replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found

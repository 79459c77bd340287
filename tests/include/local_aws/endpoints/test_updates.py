"""Updates that move the traffic in steps, and roll back when an alarm goes off."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.local_server import LocalServer, fresh


def routing(kind: str = "ALL_AT_ONCE", wait: int = 0, percent: int = 50, **policy: Any) -> Any:
    """A DeploymentConfig; `alarm` names an alarm that rolls back."""
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    size = {member: {"Type": "CAPACITY_PERCENT", "Value": percent}} if member else {}
    config: dict[str, Any] = {}
    if "alarm" in policy:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": policy.pop("alarm")}]}
    shifting = {"Type": kind, "WaitIntervalInSeconds": wait, **size}
    config["BlueGreenUpdatePolicy"] = {"TrafficRoutingConfiguration": shifting, **policy}
    return config


class Client(threading.Thread):
    """Asks an endpoint without a pause, and keeps what it is answered."""

    def __init__(self, aws: LocalServer, endpoint: str) -> None:
        super().__init__()
        self._aws = aws
        self._endpoint = endpoint
        self._over = threading.Event()
        self.versions: list[str] = []
        self.errors: list[str] = []

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self.versions.append(self._aws.invoke(self._endpoint, b"1")["version"])
            except ClientError as error:
                self.errors.append(str(error))

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def asking(aws: LocalServer, endpoint: str) -> Iterator[Client]:
    client = Client(aws, endpoint)
    client.start()
    try:
        yield client
    finally:
        client.end()


def stage(aws: LocalServer, endpoint: str) -> str | None:
    """The stage of the deployment that is under way, or None."""
    found = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    pending = found.get("PendingDeploymentSummary")
    return pending["ProductionVariants"][0]["VariantStatus"][0]["Status"] if pending else None


def await_stage(aws: LocalServer, endpoint: str, wanted: str) -> None:
    deadline = time.monotonic() + 30
    while stage(aws, endpoint) != wanted:
        assert time.monotonic() < deadline, f"{endpoint} never was {wanted}"
        time.sleep(0.02)


def alarm(aws: LocalServer, endpoint: str, metric: str, threshold: float, **more: Any) -> str:
    name = fresh("alarm")
    dimensions = {"EndpointName": endpoint, "VariantName": "all"} | more.pop("dimensions", {})
    aws.client("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "AWS/SageMaker",
            "MetricName": metric,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **more,
        }
    )
    return name


def alarm_state(aws: LocalServer, name: str) -> Any:
    (found,) = aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found["StateValue"]


@pytest.fixture(scope="module")
def models(aws: LocalServer) -> dict[str, str]:
    """Configurations of one good model in two versions, and of one that answers 500."""
    return {
        "1": aws.config(aws.model(VERSION="1")),
        "2": aws.config(aws.model(VERSION="2")),
        "broken": aws.config(aws.model(VERSION="3", BROKEN="1")),
    }


@pytest.fixture(scope="module")
def endpoint(aws: LocalServer, models: dict[str, str]) -> str:
    return aws.endpoint(models["1"])


def test_a_canary_takes_a_part_before_it_takes_all(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    config = routing("CANARY", wait=2, TerminationWaitInSeconds=1)
    with asking(aws, endpoint) as client:
        aws.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=models["2"], DeploymentConfig=config
        )
        found = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
        assert found["PendingDeploymentSummary"]["EndpointConfigName"] == models["2"]
        assert found["EndpointConfigName"] == models["1"]
        await_stage(aws, endpoint, "Baking")
        begun = len(client.versions)
        time.sleep(1)
        during = client.versions[begun:]
        found = aws.settled(endpoint)
        after = len(client.versions)
        time.sleep(0.3)
    assert not client.errors
    assert set(during) == {"1", "2"}
    assert set(client.versions[after + 1 :]) == {"2"}
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", models["2"])
    assert found["LastDeploymentConfig"] == config
    assert "PendingDeploymentSummary" not in found


def test_errors_of_the_new_model_set_off_an_alarm_and_bring_the_old_one_back(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    old = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    new_fleet = {"dimensions": {"EndpointConfigName": models["broken"]}}
    watched = alarm(aws, endpoint, "Invocation5XXErrors", 2, **new_fleet)
    assert alarm_state(aws, watched) == "OK"
    config = routing("CANARY", wait=60, percent=20, alarm=watched)
    with asking(aws, endpoint) as client:
        aws.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=models["broken"], DeploymentConfig=config
        )
        found = aws.settled(endpoint)
        failed = len(client.errors)
        time.sleep(0.3)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert watched in found["FailureReason"]
    assert "rolled back" in found["FailureReason"]
    assert alarm_state(aws, watched) == "ALARM"
    assert 3 <= failed == len(client.errors) < len(client.versions)


def test_a_state_set_by_hand_rolls_back_too(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    old = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    other = models["1"] if old == models["2"] else models["2"]
    watched = alarm(aws, endpoint, "ModelLatency", 1e9, Statistic="Average")
    aws.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=other,
        DeploymentConfig=routing(wait=60, alarm=watched),
    )
    await_stage(aws, endpoint, "Baking")
    assert alarm_state(aws, watched) == "OK"
    aws.client("cloudwatch").set_alarm_state(
        AlarmName=watched, StateValue="ALARM", StateReason="a drill"
    )
    found = aws.settled(endpoint)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert watched in found["FailureReason"]


def test_cloudwatch_shows_what_was_asked_of_the_endpoint(aws: LocalServer) -> None:
    name = aws.endpoint(aws.config(aws.model()))
    for body in (b"1", b"1", b"bad"):
        try:
            aws.invoke(name, body)
        except ClientError:
            assert body == b"bad"
    dimensions = {"EndpointName": name, "VariantName": "all"}
    cloudwatch = aws.client("cloudwatch")

    def total(metric: str, statistic: str = "Sum") -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=time.time() - 600,
            EndTime=time.time() + 60,
            Period=600,
            Statistics=[statistic],
        )["Datapoints"]
        return float(sum(point[statistic] for point in points))

    assert total("Invocations") == 3
    assert total("Invocation4XXErrors", "Average") == pytest.approx(1 / 3)
    assert total("Invocation5XXErrors") == 0
    assert 0 < total("ModelLatency", "Minimum") < 5e6
    assert 0 < total("OverheadLatency", "Minimum") < 5e6
    found = cloudwatch.list_metrics(Namespace="AWS/SageMaker", MetricName="ModelLatency")
    named = [{d["Name"]: d["Value"] for d in each["Dimensions"]} for each in found["Metrics"]]
    assert dimensions in named


def test_an_alarm_that_is_not_there_is_refused_by_name(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    with pytest.raises(ClientError, match="Could not find the CloudWatch alarms no-such"):
        aws.sagemaker.update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=models["1"],
            DeploymentConfig=routing(alarm="no-such"),
        )
    found = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert found["EndpointStatus"] == "InService"

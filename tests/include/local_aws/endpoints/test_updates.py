"""Updates that shift traffic in steps, and roll back if an alarm is triggered."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.invoking import alarm_request, deployment_config, invoking
from tests.include.local_aws.local_server import LocalServer, unique_name
from tests.waiting import LONG


def stage(aws: LocalServer, endpoint: str) -> str | None:
    """Return the stage of the pending deployment, or None."""
    found = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    pending = found.get("PendingDeploymentSummary")
    return pending["ProductionVariants"][0]["VariantStatus"][0]["Status"] if pending else None


def await_stage(aws: LocalServer, endpoint: str, expected: str) -> None:
    deadline = time.monotonic() + LONG
    while stage(aws, endpoint) != expected:
        assert time.monotonic() < deadline, f"{endpoint} never was {expected}"
        time.sleep(0.02)


def alarm(aws: LocalServer, endpoint: str, metric: str, threshold: float, **more: Any) -> str:
    name = unique_name("alarm")
    dimensions = {"EndpointName": endpoint, "VariantName": "all"} | more.pop("dimensions", {})
    request = alarm_request(name, metric, threshold, dimensions, **more)
    aws.client("cloudwatch").put_metric_alarm(**request)
    return name


def alarm_state(aws: LocalServer, name: str) -> Any:
    (found,) = aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found["StateValue"]


@pytest.fixture(scope="module")
def models(aws: LocalServer) -> dict[str, str]:
    """Endpoint configurations: two versions of a working model, and a model that answers 500."""
    return {
        "1": aws.config(aws.model(VERSION="1")),
        "2": aws.config(aws.model(VERSION="2")),
        "broken": aws.config(aws.model(VERSION="3", BROKEN="1")),
    }


@pytest.fixture(scope="module")
def endpoint(aws: LocalServer, models: dict[str, str]) -> str:
    return aws.endpoint(models["1"])


def test_a_canary_gets_a_share_before_all_traffic(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    config = deployment_config("CANARY", wait=2, TerminationWaitInSeconds=1)
    with invoking(aws, endpoint) as client:
        aws.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=models["2"], DeploymentConfig=config
        )
        found = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
        assert found["PendingDeploymentSummary"]["EndpointConfigName"] == models["2"]
        assert found["EndpointConfigName"] == models["1"]
        await_stage(aws, endpoint, "Baking")
        start = len(client.versions)
        while stage(aws, endpoint) == "Baking" and set(client.versions[start:]) != {"1", "2"}:
            time.sleep(0.02)
        during = client.versions[start:]
        found = aws.wait_for_endpoint(endpoint)
        after = client.next(5)
    assert not client.errors
    assert set(during) == {"1", "2"}
    assert set(after) == {"2"}
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", models["2"])
    assert found["LastDeploymentConfig"] == config
    assert "PendingDeploymentSummary" not in found


def test_an_alarm_on_errors_of_the_new_model_rolls_back(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    old = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    new_fleet = {"dimensions": {"EndpointConfigName": models["broken"]}}
    watched = alarm(aws, endpoint, "Invocation5XXErrors", 2, **new_fleet)
    assert alarm_state(aws, watched) == "OK"
    config = deployment_config("CANARY", wait=60, percent=20, alarms=[watched])
    with invoking(aws, endpoint) as client:
        aws.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=models["broken"], DeploymentConfig=config
        )
        found = aws.wait_for_endpoint(endpoint)
        failed = len(client.errors)
        client.next(5)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert watched in found["FailureReason"]
    assert "rolled back" in found["FailureReason"]
    assert alarm_state(aws, watched) == "ALARM"
    assert 3 <= failed == len(client.errors) < len(client.versions)


def test_an_alarm_state_set_manually_rolls_back(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    old = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    other = models["1"] if old == models["2"] else models["2"]
    watched = alarm(aws, endpoint, "ModelLatency", 1e9, Statistic="Average")
    aws.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=other,
        DeploymentConfig=deployment_config(wait=60, alarms=[watched]),
    )
    await_stage(aws, endpoint, "Baking")
    assert alarm_state(aws, watched) == "OK"
    aws.client("cloudwatch").set_alarm_state(
        AlarmName=watched, StateValue="ALARM", StateReason="a test"
    )
    found = aws.wait_for_endpoint(endpoint)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert watched in found["FailureReason"]


def test_cloudwatch_has_the_metrics_of_the_requests(aws: LocalServer) -> None:
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
    named = [{d["Name"]: d["Value"] for d in metric["Dimensions"]} for metric in found["Metrics"]]
    assert dimensions in named


def test_an_unknown_alarm_is_rejected(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    with pytest.raises(ClientError, match="Could not find the CloudWatch alarms no-such"):
        aws.sagemaker.update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=models["1"],
            DeploymentConfig=deployment_config(alarms=["no-such"]),
        )
    found = aws.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert found["EndpointStatus"] == "InService"


def test_weights_and_counts_change_without_a_failed_request(aws: LocalServer) -> None:
    name, config = unique_name("endpoint"), unique_name("config")
    variant = {"InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    aws.sagemaker.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[
            {**variant, "VariantName": letter, "ModelName": aws.model(VERSION=letter)}
            for letter in ("a", "b")
        ],
    )
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert aws.wait_for_endpoint(name)["EndpointStatus"] == "InService"
    with invoking(aws, name) as client:
        rescale(aws, name, a={"DesiredWeight": 0.0}, b={"DesiredInstanceCount": 2})
        assert set(client.next(8)) == {"b"}
        first = aws.invoke(name, b"1")["pid"]
        # The other client may take every other turn, so the second process may not answer at once.
        assert any(aws.invoke(name, b"1")["pid"] != first for _ in range(500))
        rescale(aws, name, b={"DesiredInstanceCount": 1})
    assert not client.errors
    shown = aws.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"]
    assert [
        (variant_["CurrentWeight"], variant_["CurrentInstanceCount"]) for variant_ in shown
    ] == [
        (0.0, 1),
        (1.0, 1),
    ]
    with pytest.raises(ClientError, match='Could not find variant "c"'):
        rescale(aws, name, c={"DesiredWeight": 1.0})


def rescale(aws: LocalServer, endpoint: str, **changes: Any) -> None:
    aws.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": name, **change} for name, change in changes.items()
        ],
    )
    assert aws.wait_for_endpoint(endpoint)["EndpointStatus"] == "InService"


def test_an_update_may_keep_the_count_that_scaling_set(
    aws: LocalServer, models: dict[str, str], endpoint: str
) -> None:
    rescale(aws, endpoint, all={"DesiredInstanceCount": 2, "DesiredWeight": 3.0})
    aws.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=models["1"],
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
    )
    (shown,) = aws.wait_for_endpoint(endpoint)["ProductionVariants"]
    assert (shown["CurrentInstanceCount"], shown["CurrentWeight"]) == (2, 1.0)

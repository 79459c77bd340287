"""The endpoint sensor succeeds only if the endpoint serves the requested configuration."""

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from botocore.stub import Stubber

from sagemaker_jobs import (
    EndpointInterrupted,
    EndpointNotUpdated,
    EndpointStillChanging,
    PermanentAwsError,
    SageMakerEndpointStatusSensor,
    TrackingInterrupted,
)
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, context, endpoint
from tests.plugins.sagemaker_jobs.tasks import run, with_client

CONFIG = {"EndpointName": "cars", "EndpointConfigName": "new"}
RESULT = {"endpoint_name": "cars", "endpoint_config_name": "new", "operation": "update"}
NO_CAPACITY = {"FailureReason": "Unable to provision requested ML compute capacity"}


@pytest.fixture(autouse=True)
def _failed_endpoint_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_lines(_: Any, name: str) -> list[str]:
        return [f"{name}: loading", "OSError: model.json"]

    monkeypatch.setattr("sagemaker_jobs.sensors.endpoint.last_lines_of_endpoint", last_lines)


@pytest.fixture
def sensor(client: Any) -> Any:
    deployed = {**RESULT, "request": {"config": CONFIG}}
    return with_client(SageMakerEndpointStatusSensor(task_id="track", endpoint=deployed), client)


def test_it_defers_while_the_endpoint_changes(sagemaker: Stubber, sensor: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    with pytest.raises(TaskDeferred) as deferred:
        run(sensor, context=context())
    assert deferred.value.trigger.serialize()[1]["endpoint_config_name"] == "new"


def test_it_succeeds_on_the_requested_configuration(sagemaker: Stubber, sensor: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("InService", "new"))
    result = run(sensor, "resume", context=context(), event={"status": "ended"})
    assert result == {**RESULT, "arn": f"{ACCOUNT}:endpoint/cars", "status": "InService"}


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (endpoint("InService", "old", FailureReason="alarm"), "rolled back: it serves old"),
        (endpoint("UpdateRollbackFailed", "new"), "is UpdateRollbackFailed"),
        (endpoint("OutOfService", "new"), "is OutOfService"),
    ],
)
def test_it_fails_in_any_other_state_and_logs_the_end_of_the_instances_logs(
    sagemaker: Stubber, sensor: Any, log_lines: Any, description: Any, message: str
) -> None:
    lines = log_lines(sensor)
    sagemaker.add_response("describe_endpoint", description)
    event = {"status": "timeout", "endpoint_name": "cars"}
    with pytest.raises(EndpointNotUpdated, match=message):
        run(sensor, "resume", context=context(), event=event)
    assert lines == ["cars: loading", "OSError: model.json"]


@pytest.mark.parametrize(
    ("permanent", "error"), [(True, PermanentAwsError), (False, TrackingInterrupted)]
)
def test_an_error_of_the_trigger_decides_about_a_retry(
    sagemaker: Stubber, sensor: Any, permanent: bool, error: type[Exception]
) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    event = {"status": "error", "endpoint_name": "cars", "message": "no", "permanent": permanent}
    message = "endpoint cars is still Updating, but the triggerer cannot watch it: no"
    with pytest.raises(error, match=message):
        run(sensor, "resume", context=context(), event=event)


def test_a_retry_waits_again_after_a_timeout(sagemaker: Stubber, sensor: Any) -> None:
    """The new model may still go live and must be smoke-tested then."""
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    event = {"status": "timeout", "endpoint_name": "cars"}
    message = "cars is still Updating, and the timeout of this task has passed"
    with pytest.raises(EndpointStillChanging, match=message):
        run(sensor, "resume", context=context(), event=event)
    assert not issubclass(EndpointStillChanging, AirflowFailException)


def test_a_lack_of_capacity_is_retryable(sagemaker: Stubber, sensor: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("InService", "old", **NO_CAPACITY))
    with pytest.raises(EndpointInterrupted, match="next try repeats the update"):
        run(sensor, "resume", context=context(), event={"status": "ended"})


def test_the_next_try_repeats_an_update_that_lacked_capacity(
    sagemaker: Stubber, sensor: Any
) -> None:
    lacking = endpoint("InService", "old", **NO_CAPACITY)
    sagemaker.add_response("describe_endpoint", lacking)
    sagemaker.add_response("describe_endpoint", lacking)
    sagemaker.add_response("update_endpoint", {"EndpointArn": f"{ACCOUNT}:endpoint/cars"}, CONFIG)
    sagemaker.add_response("describe_endpoint", endpoint("Updating", "old"))
    with pytest.raises(TaskDeferred):
        run(sensor, context=context())


def test_a_model_that_failed_is_not_deployed_again(sagemaker: Stubber, sensor: Any) -> None:
    rolled_back = endpoint("InService", "old", FailureReason="The ping timed out")
    sagemaker.add_response("describe_endpoint", rolled_back)
    with pytest.raises(EndpointNotUpdated, match="rolled back"):
        run(sensor, context=context())

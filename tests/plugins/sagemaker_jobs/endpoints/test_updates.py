"""Endpoint updates are started once, and succeed only if the configuration is in service."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from sagemaker_jobs.endpoints.updates import (
    EndpointState,
    check_replaced,
    deploy_endpoint,
    endpoint_failure,
    state_of,
)
from sagemaker_jobs.errors import (
    EndpointBusy,
    EndpointChanged,
    EndpointInterrupted,
    EndpointNotUpdated,
    PermanentAwsError,
)
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, endpoint

CONFIG = {
    "EndpointName": "cars",
    "EndpointConfigName": "new",
    "Tags": [{"Key": "team", "Value": "cars"}],
}
ARN = {"EndpointArn": f"{ACCOUNT}:endpoint/cars"}


def describe(stubber: Stubber, *descriptions: Any) -> None:
    for description in descriptions:
        if description is None:
            stubber.add_client_error(
                "describe_endpoint", "ValidationException", 'Could not find endpoint "cars".'
            )
        else:
            stubber.add_response("describe_endpoint", description, {"EndpointName": "cars"})


def deploy(client: Any) -> str:
    return deploy_endpoint(client, CONFIG, poll_interval=0)


def test_a_missing_endpoint_is_created(client: Any, sagemaker: Stubber) -> None:
    describe(sagemaker, None)
    sagemaker.add_response("create_endpoint", ARN, CONFIG)
    assert deploy(client) == "create"


@pytest.mark.parametrize("status", ["InService", "UpdateRollbackFailed", "OutOfService"])
def test_an_endpoint_on_another_configuration_is_updated(
    client: Any, sagemaker: Stubber, status: str
) -> None:
    describe(sagemaker, endpoint(status, "old"))
    # UpdateEndpoint takes no tags.
    parameters = {"EndpointName": "cars", "EndpointConfigName": "new"}
    sagemaker.add_response("update_endpoint", ARN, parameters)
    assert deploy(client) == "update"


def test_an_endpoint_that_serves_the_configuration_is_not_changed(
    client: Any, sagemaker: Stubber
) -> None:
    describe(sagemaker, endpoint("InService", "new"))
    assert deploy(client) == "none"


@pytest.mark.parametrize(
    "description",
    [
        endpoint("Creating", "new"),
        endpoint("Updating", "new"),
        endpoint("Updating", "old", PendingDeploymentSummary={"EndpointConfigName": "new"}),
    ],
)
def test_a_retry_attaches_to_the_change_in_progress(
    client: Any, sagemaker: Stubber, description: Any
) -> None:
    describe(sagemaker, description)
    assert deploy(client) == "attach"


@pytest.mark.parametrize(
    "description",
    [
        endpoint("Updating", "old"),
        endpoint("Updating", "new", PendingDeploymentSummary={"EndpointConfigName": "newer"}),
        endpoint("RollingBack", "new"),
    ],
)
def test_another_change_in_progress_is_retryable(
    client: Any, sagemaker: Stubber, description: Any
) -> None:
    describe(sagemaker, description)
    with pytest.raises(EndpointBusy, match="endpoint cars is"):
        deploy(client)


def test_a_failed_endpoint_is_deleted_and_created_again(client: Any, sagemaker: Stubber) -> None:
    describe(sagemaker, endpoint("Failed", "new"))
    sagemaker.add_response("delete_endpoint", {}, {"EndpointName": "cars"})
    describe(sagemaker, endpoint("Deleting", "new"), None)
    sagemaker.add_response("create_endpoint", ARN, CONFIG)
    assert deploy(client) == "create"


def test_a_retry_waits_for_the_end_of_a_deletion(client: Any, sagemaker: Stubber) -> None:
    describe(sagemaker, endpoint("Deleting", "new"), endpoint("Deleting", "new"), None)
    sagemaker.add_response("create_endpoint", ARN, CONFIG)
    assert deploy(client) == "create"


@pytest.mark.parametrize("status", ["InService", "OutOfService", "UpdateRollbackFailed"])
@pytest.mark.parametrize("replaced", ["old", None])
def test_an_update_replaces_only_the_planned_configuration(
    client: Any, sagemaker: Stubber, status: str, replaced: str | None
) -> None:
    describe(sagemaker, endpoint(status, "third"))
    with pytest.raises(EndpointChanged, match="changed since this was planned: it serves third"):
        check_replaced(client, CONFIG, replaced)


@pytest.mark.parametrize(
    "description",
    [
        None,
        endpoint("InService", "old"),
        endpoint("InService", "new"),  # A retry after the update has ended.
        endpoint("Failed", "third"),  # It has never served.
        endpoint("Updating", "third"),  # Another change, which deploy_endpoint reports.
        endpoint("Deleting", "third"),
    ],
)
def test_the_planned_configuration_may_be_replaced(
    client: Any, sagemaker: Stubber, description: Any
) -> None:
    describe(sagemaker, description)
    check_replaced(client, CONFIG, "old")


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        ("ValidationException", 'Cannot update in-progress endpoint "cars".', EndpointBusy),
        ("ValidationException", 'Could not find endpoint configuration "new".', EndpointBusy),
        ("ValidationException", "WaitIntervalInSeconds: must be at most 3600", PermanentAwsError),
        ("AccessDeniedException", "not authorized", PermanentAwsError),
        ("ThrottlingException", "Rate exceeded", ClientError),
        ("ResourceLimitExceeded", "The account-level service limit is 1", ClientError),
    ],
)
def test_the_error_of_an_update_decides_about_a_retry(
    client: Any, sagemaker: Stubber, code: str, message: str, error: type[Exception]
) -> None:
    """SageMaker may not find a configuration that was created just before."""
    describe(sagemaker, endpoint("InService", "old"))
    sagemaker.add_client_error("update_endpoint", code, message)
    with pytest.raises(error, match=message.rstrip(".")):
        deploy(client)


def test_an_endpoint_that_another_process_creates_meanwhile_is_retryable(
    client: Any, sagemaker: Stubber
) -> None:
    describe(sagemaker, None)
    taken = 'Cannot create already existing endpoint "cars".'
    sagemaker.add_client_error("create_endpoint", "ValidationException", taken)
    with pytest.raises(EndpointBusy, match="already existing"):
        deploy(client)


def test_a_missing_permission_to_describe_is_permanent(client: Any, sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_endpoint", "AccessDeniedException", "not authorized")
    with pytest.raises(PermanentAwsError, match="endpoint cars: AWS refused DescribeEndpoint"):
        deploy(client)


@pytest.mark.parametrize(
    ("description", "state"),
    [
        (endpoint("InService", "new"), EndpointState.SERVING),
        (endpoint("InService", "old"), EndpointState.FAILED),
        (endpoint("Creating", "new"), EndpointState.CHANGING),
        (endpoint("Updating", "old"), EndpointState.CHANGING),
        (endpoint("SystemUpdating", "new"), EndpointState.CHANGING),
        (endpoint("RollingBack", "new"), EndpointState.CHANGING),
        (endpoint("UpdateRollbackFailed", "new"), EndpointState.FAILED),
        (endpoint("OutOfService", "new"), EndpointState.FAILED),
        (endpoint("Failed", "new"), EndpointState.FAILED),
        (endpoint("Deleting", "new"), EndpointState.FAILED),
    ],
)
def test_only_the_requested_configuration_in_service_is_serving(
    description: Any, state: EndpointState
) -> None:
    assert state_of(description, "new") is state


def test_the_error_of_a_rollback_names_both_configurations_and_the_reason() -> None:
    rolled_back = endpoint("InService", "old", FailureReason="Alarm cars-5xx is in ALARM state.")
    message = str(endpoint_failure(rolled_back, "new"))
    assert message == (
        "endpoint cars was rolled back: it serves old, not new: Alarm cars-5xx is in ALARM state"
    )


def test_the_error_of_a_failed_endpoint_has_the_reason() -> None:
    failed = endpoint("Failed", "new", FailureReason="The ping timed out")
    assert "is Failed and does not serve new: The ping timed out" in str(
        endpoint_failure(failed, "new")
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("InService", EndpointInterrupted),
        ("Failed", EndpointInterrupted),
        ("UpdateRollbackFailed", EndpointNotUpdated),  # A user has to repair the endpoint.
    ],
)
def test_a_lack_of_capacity_is_retryable_if_the_endpoint_has_settled(
    status: str, error: type[Exception]
) -> None:
    reason = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity"
    assert type(endpoint_failure(endpoint(status, "old", FailureReason=reason), "new")) is error

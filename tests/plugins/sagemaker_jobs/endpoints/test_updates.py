"""An endpoint is brought on its way once, and believed only when it serves what was asked for."""

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


def describe(stubber: Stubber, *answers: Any) -> None:
    for answer in answers:
        if answer is None:
            stubber.add_client_error(
                "describe_endpoint", "ValidationException", 'Could not find endpoint "cars".'
            )
        else:
            stubber.add_response("describe_endpoint", answer, {"EndpointName": "cars"})


def deploy(client: Any) -> str:
    return deploy_endpoint(client, CONFIG, poll_interval=0)


def test_an_absent_endpoint_is_created(client: Any, sagemaker: Stubber) -> None:
    describe(sagemaker, None)
    sagemaker.add_response("create_endpoint", ARN, CONFIG)
    assert deploy(client) == "create"


@pytest.mark.parametrize("status", ["InService", "UpdateRollbackFailed", "OutOfService"])
def test_an_endpoint_on_another_configuration_is_updated(
    client: Any, sagemaker: Stubber, status: str
) -> None:
    describe(sagemaker, endpoint(status, "old"))
    # UpdateEndpoint takes no tags.
    wanted = {"EndpointName": "cars", "EndpointConfigName": "new"}
    sagemaker.add_response("update_endpoint", ARN, wanted)
    assert deploy(client) == "update"


def test_an_endpoint_that_serves_it_is_left_alone(client: Any, sagemaker: Stubber) -> None:
    describe(sagemaker, endpoint("InService", "new"))
    assert deploy(client) == "none"


@pytest.mark.parametrize(
    "answer",
    [
        endpoint("Creating", "new"),
        endpoint("Updating", "new"),
        endpoint("Updating", "old", PendingDeploymentSummary={"EndpointConfigName": "new"}),
    ],
)
def test_a_retry_attaches_to_the_change_under_way(
    client: Any, sagemaker: Stubber, answer: Any
) -> None:
    describe(sagemaker, answer)
    assert deploy(client) == "attach"


@pytest.mark.parametrize(
    "answer",
    [
        endpoint("Updating", "old"),
        endpoint("Updating", "new", PendingDeploymentSummary={"EndpointConfigName": "newer"}),
        endpoint("RollingBack", "new"),
    ],
)
def test_another_change_under_way_is_waited_for_by_a_retry(
    client: Any, sagemaker: Stubber, answer: Any
) -> None:
    describe(sagemaker, answer)
    with pytest.raises(EndpointBusy, match="endpoint cars is"):
        deploy(client)


def test_a_failed_endpoint_is_deleted_and_created_anew(client: Any, sagemaker: Stubber) -> None:
    describe(sagemaker, endpoint("Failed", "new"))
    sagemaker.add_response("delete_endpoint", {}, {"EndpointName": "cars"})
    describe(sagemaker, endpoint("Deleting", "new"), None)
    sagemaker.add_response("create_endpoint", ARN, CONFIG)
    assert deploy(client) == "create"


def test_a_retry_waits_for_a_deletion_under_way(client: Any, sagemaker: Stubber) -> None:
    describe(sagemaker, endpoint("Deleting", "new"), endpoint("Deleting", "new"), None)
    sagemaker.add_response("create_endpoint", ARN, CONFIG)
    assert deploy(client) == "create"


@pytest.mark.parametrize("status", ["InService", "OutOfService", "UpdateRollbackFailed"])
@pytest.mark.parametrize("replaced", ["old", None])
def test_an_update_replaces_nothing_else_than_was_planned(
    client: Any, sagemaker: Stubber, status: str, replaced: str | None
) -> None:
    describe(sagemaker, endpoint(status, "third"))
    with pytest.raises(EndpointChanged, match="changed since this was planned: it serves third"):
        check_replaced(client, CONFIG, replaced)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        endpoint("InService", "old"),
        endpoint("InService", "new"),  # a retry after the update went through
        endpoint("Failed", "third"),  # it never served
        endpoint("Updating", "third"),  # another's, which deploy_endpoint tells
        endpoint("Deleting", "third"),
    ],
)
def test_what_was_planned_to_be_replaced_may_be(
    client: Any, sagemaker: Stubber, answer: Any
) -> None:
    describe(sagemaker, answer)
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
def test_a_refused_update_says_whether_it_may_pass(
    client: Any, sagemaker: Stubber, code: str, message: str, error: type[Exception]
) -> None:
    """SageMaker may see a configuration that was just made, or another's change, a moment later."""
    describe(sagemaker, endpoint("InService", "old"))
    sagemaker.add_client_error("update_endpoint", code, message)
    with pytest.raises(error, match=message.rstrip(".")):
        deploy(client)


def test_an_endpoint_that_another_has_just_created_is_left_to_the_next_try(
    client: Any, sagemaker: Stubber
) -> None:
    describe(sagemaker, None)
    taken = 'Cannot create already existing endpoint "cars".'
    sagemaker.add_client_error("create_endpoint", "ValidationException", taken)
    with pytest.raises(EndpointBusy, match="already existing"):
        deploy(client)


def test_an_endpoint_that_may_not_be_described_fails_for_good(
    client: Any, sagemaker: Stubber
) -> None:
    sagemaker.add_client_error("describe_endpoint", "AccessDeniedException", "not authorized")
    with pytest.raises(PermanentAwsError, match="endpoint cars: AWS refused DescribeEndpoint"):
        deploy(client)


@pytest.mark.parametrize(
    ("answer", "state"),
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
def test_only_the_wanted_configuration_in_service_counts(answer: Any, state: EndpointState) -> None:
    assert state_of(answer, "new") is state


def test_a_rollback_is_called_one_with_both_configurations_and_the_reason() -> None:
    rolled_back = endpoint("InService", "old", FailureReason="Alarm cars-5xx is in ALARM state.")
    told = str(endpoint_failure(rolled_back, "new"))
    assert told == (
        "endpoint cars was rolled back: it serves old, not new: Alarm cars-5xx is in ALARM state"
    )


def test_a_failed_endpoint_tells_its_reason() -> None:
    failed = endpoint("Failed", "new", FailureReason="The ping timed out")
    assert "is Failed and does not serve new: The ping timed out" in str(
        endpoint_failure(failed, "new")
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("InService", EndpointInterrupted),
        ("Failed", EndpointInterrupted),
        ("UpdateRollbackFailed", EndpointNotUpdated),  # Damage was done: a person has to look.
    ],
)
def test_a_want_of_machines_passes_where_it_did_no_harm(
    status: str, error: type[Exception]
) -> None:
    reason = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity"
    assert type(endpoint_failure(endpoint(status, "old", FailureReason=reason), "new")) is error

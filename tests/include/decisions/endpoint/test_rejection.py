"""A model is rejected where its update failed by its fault, and only then."""

from typing import Any

import pytest

from include.decisions.endpoint.rejection import Rejection, decide_rejection
from include.decisions.registry.serving_model import EndpointStatus
from sagemaker_jobs.failure_reasons import endpoint_cause

PLANNED: dict[str, Any] = {
    "endpoint": {"config": {"EndpointConfigName": "config-2"}},
    "previous": "config-1",
}
FIRST = {**PLANNED, "previous": None}
PING = "The primary container for production variant AllTraffic did not pass the ping health check."


def endpoint(status: str, config: str, reason: str = "") -> EndpointStatus:
    return EndpointStatus("cars", status, config, reason)


def judge(
    found: EndpointStatus | None,
    planned: dict[str, Any] | None,
    deployed: bool = True,
    failed_test: str | None = None,
) -> Rejection:
    """Judge as the task does, which asks the plugin what the endpoint's reason means."""
    cause = endpoint_cause(found.failure_reason if found else "")
    return decide_rejection(found, planned, deployed, failed_test, cause)


@pytest.mark.parametrize(
    ("found", "planned", "restored", "reason"),
    [
        (
            endpoint("InService", "config-2"),
            PLANNED,
            "config-1",
            "its smoke test: the answer for a.jpg",
        ),
        (endpoint("InService", "config-2"), FIRST, None, "its smoke test: the answer for a.jpg"),
        (
            endpoint("InService", "config-1", PING),
            PLANNED,
            None,
            "config-2 was rolled back: The primary",
        ),
        (endpoint("UpdateRollbackFailed", "config-2", PING), PLANNED, "config-1", "RollbackFailed"),
        (endpoint("OutOfService", "config-2", PING), PLANNED, "config-1", "is OutOfService"),
        (endpoint("Failed", "config-2", PING), FIRST, None, "is Failed with config-2: The pri"),
    ],
)
def test_the_model_is_at_fault(
    found: EndpointStatus, planned: dict[str, Any], restored: str | None, reason: str
) -> None:
    judged = judge(found, planned, True, "the answer for a.jpg is no distribution")
    assert judged.reject.go
    assert reason in judged.reject.reason
    assert (judged.restore.go, judged.endpoint_config) == (restored is not None, restored)
    assert reason in judged.restore.reason


@pytest.mark.parametrize(
    ("found", "planned", "deployed", "reason"),
    [
        (endpoint("InService", "config-1"), None, False, "did not touch"),
        (endpoint("InService", "config-1"), PLANNED, False, "did not touch"),
        (None, PLANNED, True, "did not touch"),
        (endpoint("InService", "config-2"), PLANNED, True, "nothing has tested it: clear the"),
        (endpoint("InService", "config-2"), FIRST, True, "nothing has tested it: clear the"),
        (endpoint("InService", "config-3"), PLANNED, True, "config-3 serves by now"),
        (endpoint("InService", "config-3"), FIRST, True, "config-3 serves by now"),
        (
            endpoint("InService", "config-1", "InsufficientInstanceCapacity: none is left"),
            PLANNED,
            True,
            "says nothing about the model",
        ),
        (endpoint("InService", "config-1"), PLANNED, True, "at fault is not known"),
        (
            endpoint("Failed", "config-2", "Unable to assume the role: not authorized"),
            FIRST,
            True,
            "at fault is not known",
        ),
        (
            endpoint("InService", "config-1", "Request to service failed. Contact support."),
            PLANNED,
            True,
            "says nothing about the model",
        ),
        (endpoint("Updating", "config-1"), PLANNED, True, "is Updating still"),
        (endpoint("RollingBack", "config-1"), PLANNED, True, "is RollingBack still"),
        (
            endpoint("Failed", "config-2", "Unable to provision requested ML compute capacity"),
            FIRST,
            True,
            "says nothing about the model",
        ),
    ],
)
def test_nothing_is_known_against_the_model(
    found: EndpointStatus | None, planned: dict[str, Any] | None, deployed: bool, reason: str
) -> None:
    judged = judge(found, planned, deployed)
    assert not judged.reject.go
    assert not judged.restore.go
    assert reason in judged.reject.reason


def test_what_aws_took_back_needs_no_smoke_test_to_be_rejected() -> None:
    """An update that was rolled back never gets as far as a test."""
    assert judge(endpoint("InService", "config-1", PING), PLANNED).reject.go
    assert judge(endpoint("Failed", "config-2", PING), FIRST).reject.go


@pytest.mark.parametrize("status", ["OutOfService", "UpdateRollbackFailed"])
@pytest.mark.parametrize("reason", ["", "CapacityError: no machines", "something new"])
def test_an_endpoint_that_does_not_serve_gets_the_former_model_whoever_is_at_fault(
    status: str, reason: str
) -> None:
    judged = judge(endpoint(status, "config-2", reason), PLANNED)
    assert not judged.reject.go
    assert (judged.restore.go, judged.endpoint_config) == (True, "config-1")

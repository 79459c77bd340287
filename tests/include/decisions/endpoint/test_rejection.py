"""Tests of the consequences of a failed endpoint update."""

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


def decide(
    found: EndpointStatus | None,
    planned: dict[str, Any] | None,
    deployed: bool = True,
    failed_test: str | None = None,
) -> Rejection:
    """Decide as the task does, which gets the cause from the plugin."""
    cause = endpoint_cause(found.failure_reason if found else "")
    return decide_rejection(found, planned, deployed, failed_test, cause)


@pytest.mark.parametrize(
    ("found", "planned", "restored", "reason"),
    [
        (
            endpoint("InService", "config-2"),
            PLANNED,
            "config-1",
            "its smoke test: the response for a.jpg",
        ),
        (endpoint("InService", "config-2"), FIRST, None, "its smoke test: the response for a.jpg"),
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
def test_a_failure_caused_by_the_model_rejects_it(
    found: EndpointStatus, planned: dict[str, Any], restored: str | None, reason: str
) -> None:
    decision = decide(found, planned, True, "the response for a.jpg is not a list")
    assert decision.reject.go
    assert reason in decision.reject.reason
    assert (decision.restore.go, decision.endpoint_config) == (restored is not None, restored)
    assert reason in decision.restore.reason


@pytest.mark.parametrize(
    ("found", "planned", "deployed", "reason"),
    [
        (endpoint("InService", "config-1"), None, False, "did not change"),
        (endpoint("InService", "config-1"), PLANNED, False, "did not change"),
        (None, PLANNED, True, "did not change"),
        (endpoint("InService", "config-2"), PLANNED, True, "was not tested: clear the"),
        (endpoint("InService", "config-2"), FIRST, True, "was not tested: clear the"),
        (endpoint("InService", "config-3"), PLANNED, True, "config-3 serves now, which"),
        (endpoint("InService", "config-3"), FIRST, True, "config-3 serves now, which"),
        (
            endpoint("InService", "config-1", "InsufficientInstanceCapacity: none is left"),
            PLANNED,
            True,
            "the cause is not the model",
        ),
        (
            endpoint("InService", "config-1"),
            PLANNED,
            True,
            "unknown whether the model is the cause",
        ),
        (
            endpoint("Failed", "config-2", "Unable to assume the role: not authorized"),
            FIRST,
            True,
            "unknown whether the model is the cause",
        ),
        (
            endpoint("InService", "config-1", "Request to service failed. Contact support."),
            PLANNED,
            True,
            "the cause is not the model",
        ),
        (
            endpoint("Updating", "config-1"),
            PLANNED,
            True,
            "is Updating, and the update is not finished",
        ),
        (
            endpoint("RollingBack", "config-1"),
            PLANNED,
            True,
            "is RollingBack, and the update is not finished",
        ),
        (
            endpoint("Failed", "config-2", "Unable to provision requested ML compute capacity"),
            FIRST,
            True,
            "the cause is not the model",
        ),
    ],
)
def test_a_failure_of_another_cause_does_not_reject_the_model(
    found: EndpointStatus | None, planned: dict[str, Any] | None, deployed: bool, reason: str
) -> None:
    decision = decide(found, planned, deployed)
    assert not decision.reject.go
    assert not decision.restore.go
    assert reason in decision.reject.reason


def test_an_update_that_aws_rolled_back_rejects_the_model_without_a_smoke_test() -> None:
    assert decide(endpoint("InService", "config-1", PING), PLANNED).reject.go
    assert decide(endpoint("Failed", "config-2", PING), FIRST).reject.go


@pytest.mark.parametrize("status", ["OutOfService", "UpdateRollbackFailed"])
@pytest.mark.parametrize("reason", ["", "CapacityError: no machines", "something new"])
def test_an_endpoint_that_does_not_serve_is_restored_whatever_the_cause(
    status: str, reason: str
) -> None:
    decision = decide(endpoint(status, "config-2", reason), PLANNED)
    assert not decision.reject.go
    assert (decision.restore.go, decision.endpoint_config) == (True, "config-1")

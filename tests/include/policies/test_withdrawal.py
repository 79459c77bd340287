"""A model is rejected where its update failed by its fault, and only then."""

from typing import Any

import pytest

from include.policies.champion import EndpointStatus
from include.policies.withdrawal import judge_failure

PLANNED: dict[str, Any] = {
    "endpoint": {"config": {"EndpointConfigName": "config-2"}},
    "previous": "config-1",
}
FIRST = {**PLANNED, "previous": None}


def endpoint(status: str, config: str, reason: str = "") -> EndpointStatus:
    return EndpointStatus("cars", status, config, reason)


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
            endpoint("InService", "config-1", "ping"),
            PLANNED,
            None,
            "config-2 was rolled back: ping",
        ),
        (endpoint("UpdateRollbackFailed", "config-2", "x"), PLANNED, "config-1", "RollbackFailed"),
        (endpoint("OutOfService", "config-2"), PLANNED, "config-1", "is OutOfService"),
        (endpoint("Failed", "config-2", "no /ping"), FIRST, None, "is Failed with config-2: no /p"),
    ],
)
def test_the_model_is_at_fault(
    found: EndpointStatus, planned: dict[str, Any], restored: str | None, reason: str
) -> None:
    judged = judge_failure(found, planned, True, "the answer for a.jpg is no distribution")
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
            "says nothing of the model",
        ),
        (endpoint("Updating", "config-1"), PLANNED, True, "is Updating still"),
        (endpoint("RollingBack", "config-1"), PLANNED, True, "is RollingBack still"),
        (
            endpoint("Failed", "config-2", "Unable to provision requested ML compute capacity"),
            FIRST,
            True,
            "says nothing of the model",
        ),
    ],
)
def test_nothing_is_known_against_the_model(
    found: EndpointStatus | None, planned: dict[str, Any] | None, deployed: bool, reason: str
) -> None:
    judged = judge_failure(found, planned, deployed, None)
    assert not judged.reject.go
    assert not judged.restore.go
    assert reason in judged.reject.reason


def test_what_aws_took_back_needs_no_smoke_test_to_be_rejected() -> None:
    """An update that was rolled back never gets as far as a test."""
    rolled_back = endpoint("InService", "config-1", "no /ping")
    assert judge_failure(rolled_back, PLANNED, True, None).reject.go
    assert judge_failure(endpoint("Failed", "config-2"), FIRST, True, None).reject.go

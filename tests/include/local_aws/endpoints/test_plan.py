"""A DeploymentConfig becomes steps, or a refusal that names what contradicts itself."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.endpoints.plan import Plan
from include.local_aws.errors import ApiError


def config(kind: str, longest: int | None = None, **sizes: tuple[str, int]) -> Any:
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": 60}
    for member, (unit, value) in sizes.items():
        routing[member] = {"Type": unit, "Value": value}
    policy: dict[str, Any] = {"TrafficRoutingConfiguration": routing}
    if longest:
        policy["MaximumExecutionTimeoutInSeconds"] = longest
    return {"BlueGreenUpdatePolicy": policy}


def variants(*counts: int) -> list[dict[str, Any]]:
    return [{"name": str(number), "count": count} for number, count in enumerate(counts)]


def test_without_a_configuration_all_traffic_moves_at_once() -> None:
    assert Plan.of(None, variants(1)).shares == (1.0,)
    assert Plan.of(config("ALL_AT_ONCE"), variants(1)).shares == (1.0,)


def test_a_canary_is_two_steps() -> None:
    by_percent = config("CANARY", CanarySize=("CAPACITY_PERCENT", 20))
    by_count = config("CANARY", CanarySize=("INSTANCE_COUNT", 1))
    assert Plan.of(by_percent, variants(1)).shares == (0.2, 1.0)
    assert Plan.of(by_count, variants(4)).shares == (0.25, 1.0)


@settings(deadline=None)
@given(st.integers(10, 50))
def test_linear_steps_grow_to_the_whole(percent: int) -> None:
    step = config("LINEAR", LinearStepSize=("CAPACITY_PERCENT", percent))
    shares = Plan.of(step, variants(1)).shares
    assert shares[0] == percent / 100
    assert shares[-1] == 1
    assert list(shares) == sorted(set(shares))
    assert len(shares) == -(-100 // percent)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (config("CANARY"), "CanarySize is required"),
        (config("LINEAR", CanarySize=("CAPACITY_PERCENT", 10)), "CanarySize is not allowed"),
        (config("CANARY", CanarySize=("CAPACITY_PERCENT", 51)), "less than or equal to 50%"),
        (config("CANARY", CanarySize=("INSTANCE_COUNT", 1)), "less than or equal to 50%"),
        (config("LINEAR", LinearStepSize=("CAPACITY_PERCENT", 9)), "must be 10-50%"),
        (config("LINEAR", 599, LinearStepSize=("CAPACITY_PERCENT", 10)), "MaximumExecution"),
        ({"RollingUpdatePolicy": {}}, "does not support RollingUpdatePolicy"),
        ({"AutoRollbackConfiguration": {"Alarms": [{}]}}, "needs an AlarmName"),
    ],
)
def test_contradictions_are_refused_by_name(wrong: Any, message: str) -> None:
    with pytest.raises(ApiError, match=message):
        Plan.of(wrong, variants(1))

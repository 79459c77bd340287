"""Rollout plans of DeploymentConfigs, and errors about inconsistent ones."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.endpoints.plan import Plan
from include.local_aws.errors import ApiError


def config(kind: str, timeout: int | None = None, **sizes: tuple[str, int]) -> Any:
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": 60}
    for member, (unit, value) in sizes.items():
        routing[member] = {"Type": unit, "Value": value}
    policy: dict[str, Any] = {"TrafficRoutingConfiguration": routing}
    if timeout:
        policy["MaximumExecutionTimeoutInSeconds"] = timeout
    return {"BlueGreenUpdatePolicy": policy}


def variants(*counts: int) -> list[dict[str, Any]]:
    return [{"name": str(number), "count": count} for number, count in enumerate(counts)]


def test_all_traffic_is_shifted_at_once_by_default() -> None:
    assert Plan.from_config(None, variants(1)).shares == (1.0,)
    assert Plan.from_config(config("ALL_AT_ONCE"), variants(1)).shares == (1.0,)


def test_a_canary_is_two_steps() -> None:
    by_percent = config("CANARY", CanarySize=("CAPACITY_PERCENT", 20))
    by_count = config("CANARY", CanarySize=("INSTANCE_COUNT", 1))
    assert Plan.from_config(by_percent, variants(1)).shares == (0.2, 1.0)
    assert Plan.from_config(by_count, variants(4)).shares == (0.25, 1.0)


@settings(deadline=None)
@given(st.integers(10, 50))
def test_linear_steps_end_at_all_traffic(percent: int) -> None:
    step = config("LINEAR", LinearStepSize=("CAPACITY_PERCENT", percent))
    shares = Plan.from_config(step, variants(1)).shares
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
def test_inconsistent_configurations_are_rejected(wrong: Any, message: str) -> None:
    with pytest.raises(ApiError, match=message):
        Plan.from_config(wrong, variants(1))

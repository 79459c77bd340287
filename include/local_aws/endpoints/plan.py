"""Rollout plan of an update, from its DeploymentConfig."""

from dataclasses import dataclass
from typing import Any

from include.local_aws.errors import ApiError
from include.local_aws.store import Body

_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
_MAX_PERCENT = 50  # percent of the new fleet
_MIN_LINEAR_PERCENT = 10


@dataclass(frozen=True)
class Plan:
    """How traffic is shifted from the old fleet to the new one.

    Attributes:
        shares: The new fleet's share of the traffic after each step; the last one is 1.
        wait: Seconds to watch the alarms after each step.
        termination_wait: Seconds from the last step until the old fleet is stopped.
        alarms: Names of the alarms that cause a rollback.
        timeout: Seconds after which an unfinished update is rolled back.
    """

    shares: tuple[float, ...] = (1.0,)
    wait: float = 0.0
    termination_wait: float = 0.0
    alarms: tuple[str, ...] = ()
    timeout: float = 28800.0

    @classmethod
    def from_config(cls, config: Body | None, variants: list[dict[str, Any]]) -> "Plan":
        """Return the plan of a DeploymentConfig; without one, all traffic is shifted at once.

        Raises:
            ApiError: The configuration is inconsistent or not supported.
        """
        config = config or {}
        if "RollingUpdatePolicy" in config:
            raise ApiError("local_aws does not support RollingUpdatePolicy.")
        alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        names = tuple(alarm.get("AlarmName", "") for alarm in alarms)
        if not all(names):
            raise ApiError("Each of AutoRollbackConfiguration's Alarms needs an AlarmName.")
        policy = config.get("BlueGreenUpdatePolicy")
        if policy is None:
            return cls(alarms=names)
        routing = policy["TrafficRoutingConfiguration"]
        plan = cls(
            shares=_shares(routing, [variant["count"] for variant in variants]),
            wait=float(routing["WaitIntervalInSeconds"]),
            termination_wait=float(policy.get("TerminationWaitInSeconds", 0)),
            alarms=names,
            timeout=float(policy.get("MaximumExecutionTimeoutInSeconds", cls.timeout)),
        )
        if plan.timeout < len(plan.shares) * plan.wait + plan.termination_wait:
            raise ApiError(
                "MaximumExecutionTimeoutInSeconds must be larger than the total of the waiting "
                "times in WaitIntervalInSeconds and TerminationWaitInSeconds."
            )
        return plan


def _shares(routing: Body, counts: list[int]) -> tuple[float, ...]:
    kind = routing["Type"]
    for member in _SIZES.values():
        if (member in routing) != (_SIZES.get(kind) == member):
            verb = "is required" if _SIZES.get(kind) == member else "is not allowed"
            raise ApiError(f"{member} {verb} when the traffic routing type is {kind}.")
    if kind not in _SIZES:
        return (1.0,)
    percent = _percent(_SIZES[kind], routing[_SIZES[kind]], counts)
    if kind == "CANARY":
        return (percent / 100, 1.0)
    if percent < _MIN_LINEAR_PERCENT:
        raise ApiError("LinearStepSize must be 10-50% of the variant's total instance count.")
    steps = int(-(-100 // percent))
    return (*(percent * step / 100 for step in range(1, steps)), 1.0)


def _percent(member: str, size: Body, counts: list[int]) -> float:
    """Return a step's size as a percentage of the fleet."""
    value = size["Value"]
    by_percent = size["Type"] == "CAPACITY_PERCENT"
    largest = value if by_percent else 100 * value / min(counts)
    if largest > _MAX_PERCENT:
        raise ApiError(
            f"{member} must be less than or equal to 50% of the variant's total instance count."
        )
    return float(value if by_percent else 100 * value * len(counts) / sum(counts))

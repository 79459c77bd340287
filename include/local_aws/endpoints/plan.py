"""What a DeploymentConfig says of an update: steps, waits, alarms, the longest time."""

from dataclasses import dataclass
from typing import Any

from include.local_aws.errors import ApiError
from include.local_aws.store import Body

_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
_LARGEST = 50  # percent of the new fleet
_SMALLEST_LINEAR = 10


@dataclass(frozen=True)
class Plan:
    """How traffic moves from the old fleet to the new one.

    Attributes:
        shares: of the traffic, what the new fleet has after each step, the last is 1.
        wait: seconds after each step, in which the alarms are watched.
        termination_wait: seconds after the last of these until the old fleet is stopped.
        alarms: the names of the alarms that roll the update back.
        longest: seconds after which an update that has not ended is rolled back.
    """

    shares: tuple[float, ...] = (1.0,)
    wait: float = 0.0
    termination_wait: float = 0.0
    alarms: tuple[str, ...] = ()
    longest: float = 28800.0

    @classmethod
    def of(cls, config: Body | None, variants: list[dict[str, Any]]) -> "Plan":
        """The plan of a DeploymentConfig for a fleet of these variants; None is all at once.

        Raises:
            ApiError: the configuration contradicts itself, or cannot be had here.
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
            longest=float(policy.get("MaximumExecutionTimeoutInSeconds", cls.longest)),
        )
        if plan.longest < len(plan.shares) * plan.wait + plan.termination_wait:
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
    if percent < _SMALLEST_LINEAR:
        raise ApiError("LinearStepSize must be 10-50% of the variant's total instance count.")
    steps = int(-(-100 // percent))
    return (*(percent * step / 100 for step in range(1, steps)), 1.0)


def _percent(member: str, size: Body, counts: list[int]) -> float:
    """A step's size as a percentage of the fleet."""
    value = size["Value"]
    by_percent = size["Type"] == "CAPACITY_PERCENT"
    largest = value if by_percent else 100 * value / min(counts)
    if largest > _LARGEST:
        raise ApiError(
            f"{member} must be less than or equal to 50% of the variant's total instance count."
        )
    return float(value if by_percent else 100 * value * len(counts) / sum(counts))

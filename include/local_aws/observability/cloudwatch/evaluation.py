"""Evaluation of alarms: CloudWatch's rules for missing data and M out of N datapoints."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Rule:
    """Condition of an alarm.

    Attributes:
        operator: The comparison with the threshold, a key of `OPERATORS`.
        threshold: The threshold.
        needed: How many values must breach the threshold.
        missing: TreatMissingData: missing, ignore, breaching or notBreaching.
    """

    operator: str
    threshold: float
    needed: int
    missing: str = "missing"

    def state(self, values: Sequence[float | None], current: str) -> str:
        """Return the state after periods with these values (None: no data).

        Args:
            values: The value of each period.
            current: The present state.
        """
        compare = OPERATORS[self.operator]
        known = [compare(value, self.threshold) for value in values if value is not None]
        gaps = len(values) - len(known)
        breaching = sum(known)
        if self.missing == "breaching":
            return ALARM if breaching + gaps >= self.needed else OK
        if self.missing == "notBreaching" or not gaps:
            return ALARM if breaching >= self.needed else OK
        if self.missing == "ignore":
            return self._without_gaps(breaching, gaps, current)
        if not known:
            return UNKNOWN
        return ALARM if breaching >= min(self.needed, len(known)) else OK

    def _without_gaps(self, breaching: int, gaps: int, current: str) -> str:
        """Return the state if the missing values cannot change it, else the present state."""
        if breaching >= self.needed:
            return ALARM
        return OK if breaching + gaps < self.needed else current

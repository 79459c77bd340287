"""Statistics of a metric over a period: count, sum, minimum, maximum and percentiles."""

import math
import re

_STEP = math.log(1.02)  # percentiles have an error of at most two percent
_ZERO_STEP = -(10**6)
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


class StatisticSet:
    """Aggregated values of a metric."""

    __slots__ = ("count", "high", "low", "spread", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.low = math.inf
        self.high = -math.inf
        self.spread: dict[int, int] = {}

    def add(self, value: float) -> None:
        """Add a value."""
        self.count += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        step = math.floor(math.log(value) / _STEP) if value > 0 else _ZERO_STEP
        self.spread[step] = self.spread.get(step, 0) + 1

    def merge(self, other: "StatisticSet") -> None:
        """Add the values of another set."""
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        for step, count in other.spread.items():
            self.spread[step] = self.spread.get(step, 0) + count

    def statistic(self, name: str) -> float | None:
        """Return a statistic by CloudWatch's name, such as `Average` or `p99.9`.

        Return None without values, or if the statistic is not supported.
        """
        if not self.count:
            return None
        simple = {
            "SampleCount": float(self.count),
            "Sum": self.total,
            "Average": self.total / self.count,
            "Minimum": self.low,
            "Maximum": self.high,
        }
        percentile = _PERCENTILE.fullmatch(name)
        return self._percentile(float(percentile[1])) if percentile else simple.get(name)

    def _percentile(self, percent: float) -> float:
        rank = max(1, math.ceil(self.count * percent / 100))
        seen = 0
        for step in sorted(self.spread):
            seen += self.spread[step]
            if seen >= rank:
                break
        value = 0.0 if step == _ZERO_STEP else math.exp((step + 0.5) * _STEP)
        return min(max(value, self.low), self.high)

"""CloudWatch metrics of endpoints, recorded for each request."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from include.local_aws.observability.cloudwatch.statistic_set import StatisticSet

NAMESPACE = "AWS/SageMaker"
UNITS = {
    "Invocations": "None",
    "Invocation4XXErrors": "None",
    "Invocation5XXErrors": "None",
    "ModelLatency": "Microseconds",
    "OverheadLatency": "Microseconds",
}
_KEPT = {1: 1200, 60: 24 * 3600}  # seconds of retention by bucket length
_Bucket = dict[str, StatisticSet]


@dataclass(frozen=True)
class Datapoint:
    """Values of a metric in one minute, with the dimensions under which they are published."""

    metric: str
    dimensions: Mapping[str, str]
    start: float
    values: StatisticSet


class Meter:
    """The metrics of a variant of an endpoint configuration. Thread-safe."""

    def __init__(self, endpoint: str, variant: str, config: str) -> None:
        self.dimensions = {"EndpointName": endpoint, "VariantName": variant}
        self.all_dimensions = {**self.dimensions, "EndpointConfigName": config}
        self._lock = threading.Lock()
        self._buckets: dict[int, dict[int, _Bucket]] = {length: {} for length in _KEPT}

    def record(self, status: int, model: float, overhead: float) -> None:
        """Record a request.

        Args:
            status: The container's status; 500 if it did not answer.
            model: Seconds that the container took.
            overhead: Seconds that the server took in addition.
        """
        values = {
            "Invocations": 1.0,
            "Invocation4XXErrors": float(400 <= status < 500),
            "Invocation5XXErrors": float(status >= 500),
            "ModelLatency": model * 1e6,
            "OverheadLatency": overhead * 1e6,
        }
        now = int(time.time())
        with self._lock:
            for length, buckets in self._buckets.items():
                bucket = self._bucket(buckets, now, length)
                for name, value in values.items():
                    bucket[name].add(value)

    @staticmethod
    def _bucket(buckets: dict[int, _Bucket], now: int, length: int) -> _Bucket:
        """Return the bucket of the present time; delete buckets that are too old."""
        start = now - now % length
        if start not in buckets:
            while buckets and next(iter(buckets)) < now - _KEPT[length]:
                del buckets[next(iter(buckets))]
            buckets[start] = {name: StatisticSet() for name in UNITS}
        return buckets[start]

    def add_to(self, values: StatisticSet, metric: str, start: float, end: float) -> None:
        """Add the values of [start, end) to a set, by minutes if they are older than 20 min."""
        length = 1 if start >= time.time() - _KEPT[1] else 60
        with self._lock:
            for moment, bucket in self._buckets[length].items():
                if start <= moment < end:
                    values.merge(bucket[metric])

    def minutes(self) -> dict[int, _Bucket]:
        """Return a copy of all minutes by their start."""
        copies: dict[int, _Bucket] = {}
        with self._lock:
            for start, bucket in self._buckets[60].items():
                copies[start] = {name: StatisticSet() for name in bucket}
                for name, values in bucket.items():
                    copies[start][name].merge(values)
        return copies

    @property
    def expired(self) -> bool:
        """Whether all recorded values are older than the retention."""
        with self._lock:
            latest = max(self._buckets[60], default=None)
        return latest is not None and latest < time.time() - _KEPT[60]


class EndpointMetrics:
    """The meters of all endpoints. Values are kept for a day, by the second for 20 minutes."""

    def __init__(self) -> None:
        self._meters: list[Meter] = []
        self._lock = threading.Lock()

    def meter(self, endpoint: str, variant: str, config: str) -> Meter:
        """Return the meter of a variant of a configuration; create it if necessary."""
        new = Meter(endpoint, variant, config)
        with self._lock:
            self._meters = [meter for meter in self._meters if not meter.expired]
            for meter in self._meters:
                if meter.all_dimensions == new.all_dimensions:
                    return meter
            self._meters.append(new)
        return new

    def statistics(
        self, metric: str, dimensions: Mapping[str, str], start: float, end: float
    ) -> StatisticSet:
        """Return a metric's values in [start, end) (Unix time) for exactly these dimensions."""
        values = StatisticSet()
        for meter in list(self._meters):
            if dimensions in (meter.dimensions, meter.all_dimensions):
                meter.add_to(values, metric, start, end)
        return values

    def datapoints(self) -> Iterator[Datapoint]:
        """Yield all minutes, with the dimensions of the variant and of the configuration."""
        for meter in list(self._meters):
            for start, bucket in meter.minutes().items():
                for name, values in bucket.items():
                    yield Datapoint(name, meter.dimensions, start, values)
                    yield Datapoint(name, meter.all_dimensions, start, values)

"""What CloudWatch knows of endpoints, counted as requests are answered."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from include.local_aws.observability.cloudwatch.figures import Figure

NAMESPACE = "AWS/SageMaker"
UNITS = {
    "Invocations": "None",
    "Invocation4XXErrors": "None",
    "Invocation5XXErrors": "None",
    "ModelLatency": "Microseconds",
    "OverheadLatency": "Microseconds",
}
_KEPT = {1: 1200, 60: 24 * 3600}  # how long, in seconds, by the length of a bucket
_Bucket = dict[str, Figure]


@dataclass(frozen=True)
class Datapoint:
    """One metric in one minute, with the dimensions that it is published under."""

    metric: str
    dimensions: Mapping[str, str]
    start: float
    figure: Figure


class Meter:
    """The metrics of one variant as one configuration has it; safe to use from any thread."""

    def __init__(self, endpoint: str, variant: str, config: str) -> None:
        self.dimensions = {"EndpointName": endpoint, "VariantName": variant}
        self.all_dimensions = {**self.dimensions, "EndpointConfigName": config}
        self._lock = threading.Lock()
        self._buckets: dict[int, dict[int, _Bucket]] = {length: {} for length in _KEPT}

    def record(self, status: int, model: float, overhead: float) -> None:
        """Take one request: the container's status, its seconds, and the seconds around it.

        An answer that never came is a status of 500.
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
        """The bucket of this moment; a new one takes the place of those that are too old."""
        start = now - now % length
        if start not in buckets:
            while buckets and next(iter(buckets)) < now - _KEPT[length]:
                del buckets[next(iter(buckets))]
            buckets[start] = {name: Figure() for name in UNITS}
        return buckets[start]

    def add_to(self, figure: Figure, metric: str, start: float, end: float) -> None:
        """Add what was recorded in [start, end) to a figure, in whole minutes if long ago."""
        length = 1 if start >= time.time() - _KEPT[1] else 60
        with self._lock:
            for moment, bucket in self._buckets[length].items():
                if start <= moment < end:
                    figure.merge(bucket[metric])

    def minutes(self) -> dict[int, _Bucket]:
        """A copy of all minutes, by their start."""
        copies: dict[int, _Bucket] = {}
        with self._lock:
            for start, bucket in self._buckets[60].items():
                copies[start] = {name: Figure() for name in bucket}
                for name, figure in bucket.items():
                    copies[start][name].merge(figure)
        return copies

    @property
    def forgotten(self) -> bool:
        """Whether all that it ever recorded is too old by now."""
        with self._lock:
            latest = max(self._buckets[60], default=None)
        return latest is not None and latest < time.time() - _KEPT[60]


class EndpointMetrics:
    """The meters of all endpoints. Figures are kept for a day, by the second for 20 minutes."""

    def __init__(self) -> None:
        self._meters: list[Meter] = []
        self._lock = threading.Lock()

    def meter(self, endpoint: str, variant: str, config: str) -> Meter:
        """The meter of a variant of a configuration; the same one each time."""
        made = Meter(endpoint, variant, config)
        with self._lock:
            self._meters = [meter for meter in self._meters if not meter.forgotten]
            for meter in self._meters:
                if meter.all_dimensions == made.all_dimensions:
                    return meter
            self._meters.append(made)
        return made

    def figure(
        self, metric: str, dimensions: Mapping[str, str], start: float, end: float
    ) -> Figure:
        """A metric over [start, end), epoch seconds, under exactly these dimensions."""
        figure = Figure()
        for meter in list(self._meters):
            if dimensions in (meter.dimensions, meter.all_dimensions):
                meter.add_to(figure, metric, start, end)
        return figure

    def datapoints(self) -> Iterator[Datapoint]:
        """All minutes, under the variant's dimensions and under the configuration's, too."""
        for meter in list(self._meters):
            for start, bucket in meter.minutes().items():
                for name, figure in bucket.items():
                    yield Datapoint(name, meter.dimensions, start, figure)
                    yield Datapoint(name, meter.all_dimensions, start, figure)

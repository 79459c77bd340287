"""Requests, errors and latency of an endpoint in the last day, from CloudWatch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from model_page.problems import Part, UnreadableError, attempt

HOURS = 24
PERIOD = 3600
MAX_AGE_SECONDS = 60.0
"""CloudWatch has new values every minute, and bills each metric that is read."""

NAMESPACE = "AWS/SageMaker"

QUERIES = {
    "requests": ("Invocations", "Sum"),
    "client_errors": ("Invocation4XXErrors", "Sum"),
    "server_errors": ("Invocation5XXErrors", "Sum"),
    "answered": ("ModelLatency", "SampleCount"),
    "latency": ("ModelLatency", "Sum"),
    "slow": ("ModelLatency", "p99"),
}
"""Metric and statistic by the query's id. The latencies are in microseconds."""


@dataclass(frozen=True)
class TrafficHour:
    """The requests of an hour; latencies are in seconds, or None without requests."""

    start: datetime
    requests: int
    errors: int
    mean: float | None
    p99: float | None


@dataclass(frozen=True)
class Traffic:
    """The requests of an endpoint's variant in the present hour and the 23 hours before it.

    Attributes:
        variant: The production variant.
        hours: All hours, the oldest first; hours without requests have zeros.
        client_errors: How many requests the container answered with a status 4XX.
        server_errors: How many it answered with 5XX, or not at all.
        mean: The mean latency of the model in seconds, or None without requests.
    """

    variant: str
    hours: list[TrafficHour]
    client_errors: int
    server_errors: int
    mean: float | None

    @property
    def requests(self) -> int:
        """The number of all requests."""
        return sum(hour.requests for hour in self.hours)

    @property
    def slowest(self) -> TrafficHour | None:
        """The hour with the highest p99, or None without requests."""
        known = [hour for hour in self.hours if hour.p99 is not None]
        return max(known, key=lambda hour: hour.p99 or 0.0, default=None)


class TrafficReader:
    """Reads metrics of endpoints, and keeps answers and problems of each endpoint for a minute.

    Args:
        cloudwatch: A boto3 CloudWatch client.
        clock: Returns the time in seconds.
    """

    def __init__(self, cloudwatch: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._cloudwatch, self._clock = cloudwatch, clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[Part[Traffic], float]] = {}

    def read(self, endpoint: str, variant: str) -> Part[Traffic]:
        """Return the traffic of a variant, or why CloudWatch does not have it."""
        key = (endpoint, variant)
        with self._lock:
            known = self._known.get(key)
        if known and self._clock() - known[1] < MAX_AGE_SECONDS:
            return known[0]
        now = datetime.now(UTC)
        found = attempt("the requests of the endpoint", lambda: self._ask(*key, now))
        with self._lock:
            self._known[key] = (found, self._clock())
        return found

    def _ask(self, endpoint: str, variant: str, now: datetime) -> Traffic:
        # Whole hours, because CloudWatch's periods begin at the start of the request.
        last = now.replace(minute=0, second=0, microsecond=0)
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=[_query(key, endpoint, variant) for key in QUERIES],
            StartTime=last - timedelta(hours=HOURS - 1),
            EndTime=last + timedelta(hours=1),
        )
        for result in answer["MetricDataResults"]:
            if result.get("StatusCode", "Complete") != "Complete":
                reasons = [message["Value"] for message in result.get("Messages", [])]
                raise UnreadableError(
                    f"CloudWatch answered {result['StatusCode']} for {result['Label']}"
                    f"{': ' if reasons else ''}{'; '.join(reasons)}"
                )
        values = {result["Id"]: _by_hour(result) for result in answer["MetricDataResults"]}
        starts = [last - timedelta(hours=number) for number in range(HOURS - 1, -1, -1)]
        return _traffic(variant, starts, values)


def _query(key: str, endpoint: str, variant: str) -> dict[str, Any]:
    name, statistic = QUERIES[key]
    dimensions = {"EndpointName": endpoint, "VariantName": variant}
    metric = {
        "Namespace": NAMESPACE,
        "MetricName": name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    return {"Id": key, "MetricStat": {"Metric": metric, "Period": PERIOD, "Stat": statistic}}


def _by_hour(result: Mapping[str, Any]) -> dict[datetime, float]:
    pairs = zip(result["Timestamps"], result["Values"], strict=True)
    return {moment.astimezone(UTC): float(value) for moment, value in pairs}


def _traffic(
    variant: str, starts: list[datetime], values: Mapping[str, Mapping[datetime, float]]
) -> Traffic:
    def value(key: str, start: datetime) -> float:
        return values.get(key, {}).get(start, 0.0)

    def total(key: str) -> float:
        return sum(value(key, start) for start in starts)

    def hour(start: datetime) -> TrafficHour:
        answered = value("answered", start)
        return TrafficHour(
            start=start,
            requests=round(value("requests", start)),
            errors=round(value("client_errors", start) + value("server_errors", start)),
            mean=value("latency", start) / answered / 1e6 if answered else None,
            p99=value("slow", start) / 1e6 if start in values.get("slow", {}) else None,
        )

    answered = total("answered")
    return Traffic(
        variant=variant,
        hours=[hour(start) for start in starts],
        client_errors=round(total("client_errors")),
        server_errors=round(total("server_errors")),
        mean=total("latency") / answered / 1e6 if answered else None,
    )

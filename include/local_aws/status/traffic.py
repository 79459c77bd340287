"""The model of an endpoint and its requests, for its page."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from include.local_aws.observability.cloudwatch.metrics import EndpointMetrics
from include.local_aws.observability.cloudwatch.statistic_set import StatisticSet
from include.local_aws.store import Body, Store

MINUTES = 60
"""The minutes that the page looks back."""

_CONFIG, _MODEL, _PACKAGE = "endpoint-config", "model", "model-package"


@dataclass(frozen=True)
class ServedModel:
    """A model of a production variant; `package` and its `approval` are empty without a package."""

    variant: str
    name: str
    archives: Sequence[str]
    package: str
    approval: str
    description: str


@dataclass(frozen=True)
class Traffic:
    """The requests of a variant in the last hour.

    Attributes:
        variant: The variant's name.
        requests: The number of requests.
        errors: The number of those that the container answered with 4XX or 5XX, or not at all.
        p50: The median of the model's latency in seconds, or None without requests.
        p95: The 95th percentile of it.
        minutes: The number of requests in each minute, the oldest first.
    """

    variant: str
    requests: int
    errors: int
    p50: float | None
    p95: float | None
    minutes: Sequence[int]

    @property
    def busiest(self) -> int:
        """The number of requests in the busiest minute, at least 1."""
        return max(1, *self.minutes)


def served_models(store: Store, config: str) -> list[ServedModel]:
    """Return the models of an endpoint configuration; resources that are gone are left out."""
    body = store.get(_CONFIG, config) or {}
    return [
        _served(store, variant["VariantName"], model)
        for variant in body.get("ProductionVariants", [])
        if (model := store.get(_MODEL, variant.get("ModelName", "")))
    ]


def _served(store: Store, variant: str, model: Body) -> ServedModel:
    containers = [model.get("PrimaryContainer") or {}, *model.get("Containers", [])]
    arn = next((c["ModelPackageName"] for c in containers if c.get("ModelPackageName")), "")
    package = (store.get(_PACKAGE, arn) if arn else None) or {}
    containers += package.get("InferenceSpecification", {}).get("Containers", [])
    return ServedModel(
        variant=variant,
        name=str(model["ModelName"]),
        archives=[c["ModelDataUrl"] for c in containers if c.get("ModelDataUrl")],
        package=arn.partition(":model-package/")[2] or arn,
        approval=str(package.get("ModelApprovalStatus", "")),
        description=str(package.get("ApprovalDescription", "")),
    )


def traffic(metrics: EndpointMetrics, endpoint: str, variants: Sequence[str]) -> list[Traffic]:
    """Return the requests of an endpoint's variants in the last hour."""
    return [_traffic(metrics, endpoint, variant) for variant in variants]


def _traffic(metrics: EndpointMetrics, endpoint: str, variant: str) -> Traffic:
    dimensions = {"EndpointName": endpoint, "VariantName": variant}
    minute = int(time.time()) // 60
    start = 60 * (minute - MINUTES + 1)
    found: dict[str, StatisticSet] = {}
    counts: dict[int, int] = {}
    for point in metrics.datapoints():
        if point.dimensions == dimensions and point.start >= start:
            found.setdefault(point.metric, StatisticSet()).merge(point.values)
            if point.metric == "Invocations":
                counts[int(point.start) // 60] = point.values.count
    return Traffic(
        variant=variant,
        requests=sum(counts.values()),
        errors=sum(round(found[name].total) for name in _errors(found)),
        p50=_seconds(found, "p50"),
        p95=_seconds(found, "p95"),
        minutes=[counts.get(moment, 0) for moment in range(minute - MINUTES + 1, minute + 1)],
    )


def _errors(found: dict[str, StatisticSet]) -> Iterator[str]:
    return (name for name in ("Invocation4XXErrors", "Invocation5XXErrors") if name in found)


def _seconds(found: dict[str, StatisticSet], statistic: str) -> float | None:
    latency = found.get("ModelLatency")
    microseconds = latency.statistic(statistic) if latency else None
    return None if microseconds is None else microseconds / 1e6

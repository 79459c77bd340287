"""Publish metrics of endpoints and training jobs in moto's CloudWatch."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from include.local_aws.observability.cloudwatch import training
from include.local_aws.observability.cloudwatch.metrics import (
    NAMESPACE,
    UNITS,
    Datapoint,
    EndpointMetrics,
)
from include.local_aws.observability.cloudwatch.statistic_set import StatisticSet

_providers: list[Any] = []  # moto calls all subclasses, so they must not be garbage-collected


def publish(metrics: EndpointMetrics, jobs: training.TrainingMetrics) -> None:
    """Publish these metrics by minutes, in addition to those of clients; moto must be imported.

    GetMetricData then knows their percentiles, too, which moto has for no metric.
    """
    from moto.cloudwatch import models
    from moto.core.common_models import CloudWatchMetricProvider

    class Exact(models.MetricAggregatedDatum):
        """A datapoint that statistics find only with all of its dimensions, as on AWS."""

        def __init__(self, *, values: StatisticSet, **fields: Any) -> None:
            super().__init__(**fields)
            self.values = values

        def filter(
            self, namespace: Any, name: Any, dimensions: Any, already_present_metrics: Any = None
        ) -> bool:
            for_statistics = already_present_metrics is None and dimensions
            if for_statistics and len(dimensions) != len(self.dimensions):
                return False
            return bool(super().filter(namespace, name, dimensions, already_present_metrics))

    class Endpoints(CloudWatchMetricProvider):
        @staticmethod
        def get_cloudwatch_metrics(account_id: str, region: str) -> Any:
            return [Exact(**_fields(point)) for point in metrics.datapoints()]

    class Training(CloudWatchMetricProvider):
        @staticmethod
        def get_cloudwatch_metrics(account_id: str, region: str) -> Any:
            return [Exact(**_training_fields(*point)) for point in jobs.datapoints()]

    class WithPercentiles(models.Statistics):
        """Statistics of a period; percentiles only if all datapoints have their distribution."""

        def get_statistics_for_type(self, stat: str) -> Any:
            known = [datum.values for datum in self.metric_data if isinstance(datum, Exact)]
            if not stat.startswith("p") or len(known) < len(self.metric_data):
                return super().get_statistics_for_type(stat)
            merged = StatisticSet()
            for values in known:
                merged.merge(values)
            return merged.statistic(stat)

    models.Statistics = WithPercentiles  # type: ignore[misc]
    _providers.extend((Endpoints, Training))


def _fields(point: Datapoint) -> dict[str, Any]:
    """Return the arguments of moto's constructor, whose times are in UTC without time zone."""
    unit = UNITS[point.metric]
    return _datum(NAMESPACE, point.metric, point.dimensions, point.start, point.values, unit)


def _training_fields(job: str, metric: str, start: float, values: StatisticSet) -> dict[str, Any]:
    return _datum(training.NAMESPACE, metric, {"TrainingJobName": job}, start, values, "None")


def _datum(
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    start: float,
    values: StatisticSet,
    unit: str,
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": name,
        "min_stat": values.low,
        "max_stat": values.high,
        "sample_count": values.count,
        "sum_stat": values.total,
        "dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "timestamp": datetime.fromtimestamp(start, UTC).replace(tzinfo=None),
        "unit": unit,
        "values": values,
    }

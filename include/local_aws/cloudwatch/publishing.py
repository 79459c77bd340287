"""Let moto's CloudWatch show the endpoints' metrics."""

from datetime import UTC, datetime
from typing import Any

from include.local_aws.cloudwatch.metrics import NAMESPACE, UNITS, Datapoint, EndpointMetrics

_providers: list[Any] = []  # moto asks all subclasses that there are: they must stay


def publish(metrics: EndpointMetrics) -> None:
    """Show these metrics, by minutes, besides what clients put there; moto must be loaded."""
    from moto.cloudwatch.models import MetricAggregatedDatum
    from moto.core.common_models import CloudWatchMetricProvider

    class Exact(MetricAggregatedDatum):
        """A datapoint that statistics find under all of its dimensions only, as on AWS."""

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

    _providers.append(Endpoints)


def _fields(point: Datapoint) -> dict[str, Any]:
    """A datapoint as moto's constructor takes it, whose times are in UTC and do not say so."""
    return {
        "namespace": NAMESPACE,
        "name": point.metric,
        "min_stat": point.figure.low,
        "max_stat": point.figure.high,
        "sample_count": point.figure.count,
        "sum_stat": point.figure.total,
        "dimensions": [{"Name": key, "Value": value} for key, value in point.dimensions.items()],
        "timestamp": datetime.fromtimestamp(point.start, UTC).replace(tzinfo=None),
        "unit": UNITS[point.metric],
    }

"""Let moto's CloudWatch show the endpoints' and the training jobs' metrics."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from include.local_aws.observability.cloudwatch import training
from include.local_aws.observability.cloudwatch.figures import Figure
from include.local_aws.observability.cloudwatch.metrics import (
    NAMESPACE,
    UNITS,
    Datapoint,
    EndpointMetrics,
)

_providers: list[Any] = []  # moto asks all subclasses that there are: they must stay


def publish(metrics: EndpointMetrics, jobs: training.TrainingMetrics) -> None:
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

    class Training(CloudWatchMetricProvider):
        @staticmethod
        def get_cloudwatch_metrics(account_id: str, region: str) -> Any:
            return [Exact(**_training_fields(*point)) for point in jobs.datapoints()]

    _providers.extend((Endpoints, Training))


def _fields(point: Datapoint) -> dict[str, Any]:
    """A datapoint as moto's constructor takes it, whose times are in UTC and do not say so."""
    unit = UNITS[point.metric]
    return _datum(NAMESPACE, point.metric, point.dimensions, point.start, point.figure, unit)


def _training_fields(job: str, metric: str, start: float, figure: Figure) -> dict[str, Any]:
    return _datum(training.NAMESPACE, metric, {"TrainingJobName": job}, start, figure, "None")


def _datum(
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    start: float,
    figure: Figure,
    unit: str,
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": name,
        "min_stat": figure.low,
        "max_stat": figure.high,
        "sample_count": figure.count,
        "sum_stat": figure.total,
        "dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "timestamp": datetime.fromtimestamp(start, UTC).replace(tzinfo=None),
        "unit": unit,
    }

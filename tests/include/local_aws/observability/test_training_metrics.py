"""A training job's metrics in its description and in CloudWatch."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.local_aws.observability.cloudwatch.training import TrainingMetrics
from include.local_aws.observability.logs import events, write_event
from include.local_aws.observability.training_metrics import MetricReader
from tests.include.local_aws.local_server import LocalServer

DEFINITIONS = [
    {"Name": "loss", "Regex": "loss=([^ ]+)"},
    {"Name": "lost", "Regex": "no group"},
    {"Name": "speed", "Regex": "(fast|slow|[0-9]+)/s"},
]


class Jobs:
    """A store with one training job."""

    def __init__(self, log: Path) -> None:
        specification = {"MetricDefinitions": DEFINITIONS}
        self.body: dict[str, Any] = {"TrainingJobName": "job", "_logs": [str(log)]}
        self.body |= {"AlgorithmSpecification": specification, "LastModifiedTime": 4e9}

    def list_all(self, kind: str) -> list[dict[str, Any]]:
        return [self.body]


def test_only_finite_numbers_are_metrics(tmp_path: Path) -> None:
    """NaN is not valid JSON, so strict clients could not parse the description."""
    log = tmp_path / "log"
    for text in ("loss=0.5 12/s", "loss=nan fast/s", "loss=inf no group", "loss=-1e-3", "loss=x"):
        write_event(log, text)
    reader = MetricReader(DEFINITIONS)
    found = [pair for event in events(log) for pair in reader.found(event)]
    assert found == [("loss", 0.5), ("speed", 12.0), ("loss", -0.001)]


def test_each_line_is_read_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    store: Any = Jobs(log)
    metrics = TrainingMetrics(store)
    assert list(metrics.datapoints()) == [], "the log does not exist yet"
    write_event(log, "loss=1")
    for _ in range(2):
        assert _totals(metrics) == {"loss": (1, 1.0)}
    write_event(log, "loss=3 7/s")
    assert _totals(metrics) == {"loss": (2, 4.0), "speed": (1, 7.0)}
    store.body["LastModifiedTime"] = 0
    assert _totals(metrics) == {}, "metrics are kept for a day"


def test_cloudwatch_has_a_jobs_metrics(aws: LocalServer) -> None:
    name = aws.train(aws.put("metrics/data", a="1"))
    aws.wait_for_job("training", name)
    now = datetime.now(UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="validation:accuracy",
        Dimensions=[{"Name": "TrainingJobName", "Value": name}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Average", "SampleCount", "Maximum"],
    )["Datapoints"]
    assert sum(point["SampleCount"] for point in points) == 2
    assert max(point["Maximum"] for point in points) == pytest.approx(0.6)


def _totals(metrics: TrainingMetrics) -> dict[str, tuple[int, float]]:
    totals: dict[str, tuple[int, float]] = {}
    for _, metric, _, values in metrics.datapoints():
        count, total = totals.get(metric, (0, 0.0))
        totals[metric] = (count + values.count, total + values.total)
    return totals

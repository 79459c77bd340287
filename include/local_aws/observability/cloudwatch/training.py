"""CloudWatch metrics of training jobs: values of their MetricDefinitions by minutes."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from include.local_aws.observability.cloudwatch.statistic_set import StatisticSet
from include.local_aws.observability.logs import events
from include.local_aws.observability.training_metrics import MetricReader
from include.local_aws.store import Body, Store

NAMESPACE = "/aws/sagemaker/TrainingJobs"
_KEPT = 24 * 3600  # seconds after a job's last change


@dataclass
class _JobMetrics:
    """The metrics that were read from a job's logs so far."""

    reader: MetricReader
    offsets: dict[str, int] = field(default_factory=dict)
    minutes: dict[tuple[str, int], StatisticSet] = field(default_factory=dict)

    def read_new_lines(self, logs: list[str]) -> None:
        """Read the lines that were added to the logs."""
        for log in filter(lambda log: Path(log).is_file(), logs):
            for event in events(Path(log), self.offsets.get(log, 0)):
                self.offsets[log] = event.end
                minute = event.timestamp // 60_000 * 60
                for name, value in self.reader.found(event):
                    self.minutes.setdefault((name, minute), StatisticSet()).add(value)


class TrainingMetrics:
    """Reads new lines of the logs at each request. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, _JobMetrics] = {}
        self._lock = threading.Lock()

    def datapoints(self) -> Iterator[tuple[str, str, int, StatisticSet]]:
        """Yield job, metric, start of the minute (Unix time) and values of the last day's jobs."""
        with self._lock:
            jobs = {body["TrainingJobName"]: body for body in self._recent()}
            self._jobs = {n: self._jobs.get(n) or _JobMetrics(_reader(b)) for n, b in jobs.items()}
            for name, job in self._jobs.items():
                job.read_new_lines(jobs[name].get("_logs", []))
            found = [
                (name, metric, minute, values)
                for name, job in self._jobs.items()
                for (metric, minute), values in job.minutes.items()
            ]
        yield from found

    def _recent(self) -> Iterator[Body]:
        since = time.time() - _KEPT
        for body in self._store.list_all("training-job"):
            definitions = body["AlgorithmSpecification"].get("MetricDefinitions")
            if definitions and body["LastModifiedTime"] >= since:
                yield body


def _reader(body: Body) -> MetricReader:
    return MetricReader(body["AlgorithmSpecification"]["MetricDefinitions"])

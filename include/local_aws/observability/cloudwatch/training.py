"""What CloudWatch knows of training jobs: their MetricDefinitions' values, by minutes."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from include.local_aws.observability.cloudwatch.figures import Figure
from include.local_aws.observability.logs import events
from include.local_aws.observability.training_metrics import MetricReader
from include.local_aws.store import Body, Store

NAMESPACE = "/aws/sagemaker/TrainingJobs"
_KEPT = 24 * 3600  # seconds after a job's last change


@dataclass
class _Read:
    """What was read of a job's logs so far."""

    reader: MetricReader
    offsets: dict[str, int] = field(default_factory=dict)
    minutes: dict[tuple[str, int], Figure] = field(default_factory=dict)

    def go_on(self, logs: list[str]) -> None:
        """Read what the logs have got since."""
        for log in filter(lambda log: Path(log).is_file(), logs):
            for event in events(Path(log), self.offsets.get(log, 0)):
                self.offsets[log] = event.end
                minute = event.timestamp // 60_000 * 60
                for name, value in self.reader.found(event):
                    self.minutes.setdefault((name, minute), Figure()).add(value)


class TrainingMetrics:
    """Reads the logs when it is asked, and each line of them once; safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, _Read] = {}
        self._lock = threading.Lock()

    def datapoints(self) -> Iterator[tuple[str, str, int, Figure]]:
        """Job, metric, start of the minute in epoch seconds, and its values, of a day's jobs."""
        with self._lock:
            jobs = {body["TrainingJobName"]: body for body in self._recent()}
            self._jobs = {n: self._jobs.get(n) or _Read(_reader(b)) for n, b in jobs.items()}
            for name, read in self._jobs.items():
                read.go_on(jobs[name].get("_logs", []))
            found = [
                (name, metric, minute, figure)
                for name, read in self._jobs.items()
                for (metric, minute), figure in read.minutes.items()
            ]
        yield from found

    def _recent(self) -> Iterator[Body]:
        since = time.time() - _KEPT
        for body in self._store.list_all("training-job"):
            wanted = body["AlgorithmSpecification"].get("MetricDefinitions")
            if wanted and body["LastModifiedTime"] >= since:
                yield body


def _reader(body: Body) -> MetricReader:
    return MetricReader(body["AlgorithmSpecification"]["MetricDefinitions"])

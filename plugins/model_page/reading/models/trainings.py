"""Training jobs: the curve from the job's log, epochs, time left and cost."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from include.common.aws_errors import error_code, is_missing
from include.config import Deployment
from include.config.prices import training_price
from include.contracts.metrics import EPOCH_ACCURACY, VALIDATION_PREFIX
from sagemaker_jobs.jobs.epochs import epochs_of
from sagemaker_jobs.jobs.kinds import RUNNING_STATES

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
MAX_PAGES = 10
"""Pages of 10,000 log lines that one request reads; the next request reads on."""

KEPT_CURVES = 50


@dataclass(frozen=True)
class EpochPoint:
    """The accuracies of an epoch, from 1; None if the epoch has none."""

    epoch: int
    training: float | None
    validation: float | None


@dataclass(frozen=True)
class TrainingView:
    """A training job.

    Attributes:
        name: The job's name.
        status: InProgress, Completed, Failed, Stopping or Stopped.
        step: What SageMaker does now: Starting, Downloading, Training, Uploading.
        reason: Why it failed; empty if it did not.
        started: When its container started, or None.
        ended: When it ended, or None.
        epochs: The number of its epochs, or None if unknown.
        points: The epochs so far.
        seconds_left: The estimated time until its last epoch, or None.
        cost_usd: Its cost so far, or None if no price is known or nothing is billed.
        hyperparameters: Its settings.
        instance: Its instances: "2 x ml.c5.xlarge".
    """

    name: str
    status: str
    step: str
    reason: str
    started: datetime | None
    ended: datetime | None
    epochs: int | None
    points: list[EpochPoint]
    seconds_left: float | None
    cost_usd: float | None
    hyperparameters: dict[str, str]
    instance: str

    @property
    def is_running(self) -> bool:
        """Whether the job has not ended."""
        return self.status in RUNNING_STATES

    @property
    def done(self) -> int:
        """The number of epochs that are complete."""
        return len([point for point in self.points if point.validation is not None])


@dataclass(frozen=True)
class TrainingResult:
    """The final metrics and the settings of a training job, by name."""

    metrics: dict[str, float]
    hyperparameters: dict[str, str]


@dataclass
class _Curve:
    """The accuracies that have been read from a job's log, and where to read on."""

    tokens: dict[str, str] = field(default_factory=dict)
    training: dict[int, float] = field(default_factory=dict)
    validation: dict[int, float] = field(default_factory=dict)
    last: float = 0.0


class TrainingReader:
    """Reads training jobs; of a log only the lines since the last request are read.

    Args:
        sagemaker: A boto3 SageMaker client.
        logs: A boto3 CloudWatch Logs client.
        deployment: The running deployment, whose bucket and region the jobs use.
    """

    def __init__(self, sagemaker: Any, logs: Any, deployment: Deployment) -> None:
        self._sagemaker, self._logs, self._deployment = sagemaker, logs, deployment
        self._lock = threading.Lock()
        self._curves: dict[str, _Curve] = {}

    def running(self, group: str, pipeline: str) -> str | None:
        """Return the name of this deployment's running training job of a pipeline, or None."""
        listed = self._sagemaker.list_training_jobs(
            NameContains=f"{group}-train-",
            StatusEquals="InProgress",
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=5,
        )
        for summary in listed["TrainingJobSummaries"]:
            name: str = summary["TrainingJobName"]
            if not name.startswith(f"{group}-train-"):
                continue
            output = self._sagemaker.describe_training_job(TrainingJobName=name)
            path = output["OutputDataConfig"]["S3OutputPath"]
            if path.startswith(f"s3://{self._deployment.bucket}/{pipeline}/"):
                return name
        return None

    def read(self, name: str, now: datetime | None = None) -> TrainingView | None:
        """Return a training job, or None if there is none of this name."""
        described = self._describe(name)
        if described is None:
            return None
        now = now or datetime.now(UTC)
        curve = self._read_log(name)
        settings = _settings(described)
        epochs, points = epochs_of(settings), _points(curve)
        ended = described.get("TrainingEndTime")
        instances = described["ResourceConfig"]
        count, kind = instances.get("InstanceCount", 1), instances.get("InstanceType", "")
        return TrainingView(
            name=name,
            status=described["TrainingJobStatus"],
            step=described.get("SecondaryStatus", ""),
            reason=described.get("FailureReason", ""),
            started=described.get("TrainingStartTime"),
            ended=ended,
            epochs=epochs,
            points=points,
            seconds_left=None if ended else _time_left(described, points, epochs, curve.last),
            cost_usd=self._cost(described, kind, count, now),
            hyperparameters=settings,
            instance=f"{count} x {kind}" if kind else "",
        )

    def result(self, name: str) -> TrainingResult | None:
        """Return what a training job ended with, or None if there is none of this name."""
        described = self._describe(name)
        if described is None:
            return None
        metrics = described.get("FinalMetricDataList", [])
        return TrainingResult(
            metrics={metric["MetricName"]: float(metric["Value"]) for metric in metrics},
            hyperparameters=_settings(described),
        )

    def _describe(self, name: str) -> Any:
        try:
            return self._sagemaker.describe_training_job(TrainingJobName=name)
        except self._sagemaker.exceptions.ClientError as error:
            if not (is_missing(error) or error_code(error) == "ResourceNotFound"):
                raise
            return None

    def _read_log(self, name: str) -> _Curve:
        with self._lock:
            if len(self._curves) > KEPT_CURVES:
                self._curves.clear()
            curve = self._curves.setdefault(name, _Curve())
            for stream in self._streams(name):
                self._read_stream(stream, curve)
            return curve

    def _streams(self, name: str) -> list[str]:
        """Return the log streams of a job; only the first instance's are read."""
        try:
            found = self._logs.describe_log_streams(
                logGroupName=LOG_GROUP, logStreamNamePrefix=f"{name}/", limit=10
            )
        except self._logs.exceptions.ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise
        return sorted(stream["logStreamName"] for stream in found["logStreams"])[:1]

    def _read_stream(self, stream: str, curve: _Curve) -> None:
        for _ in range(MAX_PAGES):
            token = curve.tokens.get(stream)
            page = self._logs.get_log_events(
                logGroupName=LOG_GROUP,
                logStreamName=stream,
                startFromHead=True,
                **({"nextToken": token} if token else {}),
            )
            for event in page["events"]:
                _add_line(curve, event["message"], event["timestamp"] / 1000)
            curve.tokens[stream] = page["nextForwardToken"]
            if page["nextForwardToken"] == token or not page["events"]:
                return

    def _cost(self, described: Any, kind: str, count: int, now: datetime) -> float | None:
        started = described.get("TrainingStartTime")
        price = training_price(kind, self._deployment.region) if kind else None
        if not (self._deployment.is_billed and price and started):
            return None
        billed = described.get("BillableTimeInSeconds")
        end = described.get("TrainingEndTime") or now
        seconds = billed if billed is not None else (end - started).total_seconds()
        return float(price.usd_per_hour * count * seconds / 3600)


def _settings(described: Any) -> dict[str, str]:
    return {key: str(value) for key, value in described.get("HyperParameters", {}).items()}


def _add_line(curve: _Curve, line: str, moment: float) -> None:
    match = EPOCH_ACCURACY.search(line)
    if match is None:
        return
    value = float(match["value"])
    if not math.isfinite(value):
        return
    is_validation = match["prefix"] == VALIDATION_PREFIX
    values = curve.validation if is_validation else curve.training
    values[int(match["epoch"]) + 1] = value
    if is_validation:
        curve.last = moment


def _points(curve: _Curve) -> list[EpochPoint]:
    epochs = sorted(curve.training.keys() | curve.validation.keys())
    return [
        EpochPoint(epoch, curve.training.get(epoch), curve.validation.get(epoch))
        for epoch in epochs
    ]


def _time_left(
    described: Any, points: list[EpochPoint], epochs: int | None, last: float
) -> float | None:
    """Return the mean duration of the epochs so far, times the number of epochs that are left."""
    started = described.get("TrainingStartTime")
    done = max((point.epoch for point in points if point.validation is not None), default=0)
    if started is None or not epochs or not done or not last:
        return None
    seconds: float = max(0.0, last - started.timestamp())
    return max(0, epochs - done) * seconds / done

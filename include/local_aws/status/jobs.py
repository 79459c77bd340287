"""Jobs on the status page."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from include.local_aws.jobs.job import TERMINAL
from include.local_aws.jobs.kinds import KINDS, JobKind
from include.local_aws.observability.logs import LogFiles, tail
from include.local_aws.status.progress import epoch_progress
from include.local_aws.store import Body, Store

_TONES = {"Completed": "good", "Failed": "bad", "Stopped": "fair", "Stopping": "fair"}
SETTINGS = {"Hyperparameters": "HyperParameters", "Environment": "Environment"}
"""Fields of a job's record that are shown as settings, by heading."""
_TAIL = 16 * 1024  # bytes of a log that are searched for the last line and epoch
_MAX_NOTE = 300  # characters


@dataclass(frozen=True)
class JobRow:
    """A job.

    Attributes:
        kind: The kind; `kind.word` is "Training", "Processing" or "Transform".
        name: The name.
        status: The status, the secondary status of a running job, or Waiting.
        tone: The color of the status: good, bad, fair, busy or idle.
        seconds: How long the job has run or waited.
        created: When it was created, as a Unix timestamp.
        note: Its failure reason, last log line or metrics.
        progress: Share of finished epochs from 0 to 1, or None if the log has no epochs.
    """

    kind: JobKind
    name: str
    status: str
    tone: str
    seconds: float
    created: float
    note: str
    progress: float | None

    @property
    def path(self) -> str:
        """The path of its page."""
        return f"/jobs/{self.kind.word.lower()}/{self.name}"


@dataclass(frozen=True)
class Jobs:
    """The jobs of the overview.

    Attributes:
        counts: Number of jobs by state: running, waiting, completed, failed, stopped.
        rows: The shown jobs: those in progress first, then the newest.
        total: The number of all jobs.
    """

    counts: dict[str, int]
    rows: Sequence[JobRow]
    total: int


def jobs(store: Store, logs: LogFiles, limit: int) -> Jobs:
    """Return up to `limit` jobs: those in progress, then the newest of the others."""
    found = [(kind, body) for kind in KINDS for body in store.list_all(kind.store)]
    found.sort(key=lambda job: job[1]["CreationTime"], reverse=True)
    live = [job for job in found if is_live(*job)]
    live.sort(key=lambda job: waits(*job))
    ended = [job for job in found if not is_live(*job)]
    shown = live[:limit] + ended[: max(0, limit - len(live))]
    rows = [row(kind, body, logs) for kind, body in shown]
    return Jobs(_counts(found), rows, len(found))


def _counts(found: Iterable[tuple[JobKind, Body]]) -> dict[str, int]:
    words = {"InProgress": "running", "Stopping": "running"}
    counts = Counter(
        "waiting" if waits(kind, body) else words.get(body[kind.status], body[kind.status].lower())
        for kind, body in found
    )
    return {word: counts[word] for word in ("running", "waiting", "completed", "failed", "stopped")}


def is_live(kind: JobKind, body: Body) -> bool:
    """Return whether the job has not ended yet."""
    return body[kind.status] not in TERMINAL


def waits(kind: JobKind, body: Body) -> bool:
    """Return whether the job is in the queue."""
    return body[kind.status] == "InProgress" and kind.started not in body


def row(kind: JobKind, body: Body, logs: LogFiles) -> JobRow:
    """Return a job from its record and log."""
    live = is_live(kind, body)
    lines = last_lines(kind, body, logs) if live and not waits(kind, body) else []
    return JobRow(
        kind=kind,
        name=body[kind.name],
        status=_status(kind, body),
        tone=_tone(kind, body),
        seconds=_seconds(kind, body),
        created=body["CreationTime"],
        note=_note(body, lines)[:_MAX_NOTE],
        progress=epoch_progress(body, lines),
    )


def last_lines(kind: JobKind, body: Body, logs: LogFiles) -> list[str]:
    """Return the last lines of the job's first log stream."""
    streams = logs.streams(kind.log_group, f"{body[kind.name]}/")
    file = logs.file(kind.log_group, streams[0]) if streams else None
    return [event.message for event in tail(file, _TAIL)] if file else []


def _status(kind: JobKind, body: Body) -> str:
    if waits(kind, body):
        return "Waiting"
    status = str(body[kind.status])
    return str(body.get("SecondaryStatus", "Running")) if status == "InProgress" else status


def _tone(kind: JobKind, body: Body) -> str:
    return "idle" if waits(kind, body) else _TONES.get(body[kind.status], "busy")


def _seconds(kind: JobKind, body: Body) -> float:
    start = body.get(kind.started, body["CreationTime"])
    end = body.get(kind.ended, time.time())
    return float(max(0.0, end - start))


def _note(body: Body, lines: Sequence[str]) -> str:
    if body.get("FailureReason"):
        return str(body["FailureReason"])
    written = [line for line in lines if line.strip()]
    return written[-1] if written else metrics(body)


def result(kind: JobKind, body: Body) -> dict[str, Any]:
    """Return the failure reason, exit message, metrics and model of a job."""
    stored = body[kind.status] in ("Completed", "Stopped")
    return {
        "reason": body.get("FailureReason"),
        "message": body.get("ExitMessage"),
        "metrics": body.get("FinalMetricDataList", []),
        "model": body.get("ModelArtifacts", {}).get("S3ModelArtifacts") if stored else None,
    }


def metrics(body: Body) -> str:
    """Return the final metrics of a training job in a line."""
    found: list[dict[str, Any]] = body.get("FinalMetricDataList", [])
    return ", ".join(f"{metric['MetricName']} {metric['Value']:.4g}" for metric in found)

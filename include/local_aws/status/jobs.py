"""What the page tells of jobs."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from include.local_aws.jobs.job import TERMINAL
from include.local_aws.jobs.kinds import KINDS, JobKind
from include.local_aws.observability.logs import LogFiles, tail
from include.local_aws.store import Body, Store

_TONES = {"Completed": "good", "Failed": "bad", "Stopped": "fair", "Stopping": "fair"}
TOLD = {"Hyperparameters": "HyperParameters", "Environment": "Environment"}
"""What a program was told, by the heading it is shown under."""
_EPOCH = re.compile(r"\bepoch\W{0,3}(\d+)(?:\s*/\s*(\d+))?", re.IGNORECASE)
_EPOCHS = ("epochs", "num_epochs", "max_epochs", "num_train_epochs")
_TAIL = 16 * 1024  # bytes of a log that the last line and epoch are looked for in
_LONGEST_NOTE = 300  # characters


@dataclass(frozen=True)
class JobRow:
    """A job in the overview.

    Attributes:
        kind: its kind; `kind.word` is "Training", "Processing" or "Transform".
        name: its name.
        status: a word for people: its status, the step it is at, or Waiting.
        tone: how that is coloured: good, bad, fair, busy or idle.
        seconds: how long it has run, or has waited; None for one that ended without running.
        created: when, in epoch seconds.
        note: why it failed, what it logged last, or its metrics.
        share: how much of its epochs is done, from 0 to 1, if it tells.
    """

    kind: JobKind
    name: str
    status: str
    tone: str
    seconds: float
    created: float
    note: str
    share: float | None

    @property
    def path(self) -> str:
        """The address of its own page."""
        return f"/jobs/{self.kind.word.lower()}/{self.name}"


@dataclass(frozen=True)
class Jobs:
    """The jobs of the overview.

    Attributes:
        counts: how many jobs there are by what is done with them: running, waiting, completed,
            failed, stopped.
        rows: those that are shown, what is under way first, then the newest.
        total: how many there are in all.
    """

    counts: dict[str, int]
    rows: Sequence[JobRow]
    total: int


def jobs(store: Store, logs: LogFiles, most: int) -> Jobs:
    """All jobs that are under way, and the newest of the others, `most` together if they fit."""
    found = [(kind, body) for kind in KINDS for body in store.list_all(kind.store)]
    found.sort(key=lambda each: each[1]["CreationTime"], reverse=True)
    live = [each for each in found if is_live(*each)]
    live.sort(key=lambda each: waits(*each))
    ended = [each for each in found if not is_live(*each)]
    shown = live[:most] + ended[: max(0, most - len(live))]
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
    """Whether the job has not ended yet."""
    return body[kind.status] not in TERMINAL


def waits(kind: JobKind, body: Body) -> bool:
    """Whether the job is still in the queue."""
    return body[kind.status] == "InProgress" and kind.started not in body


def row(kind: JobKind, body: Body, logs: LogFiles) -> JobRow:
    """A job as the overview shows it."""
    live = is_live(kind, body)
    lines = last_lines(kind, body, logs) if live and not waits(kind, body) else []
    epoch = _epoch(body, lines)
    return JobRow(
        kind=kind,
        name=body[kind.name],
        status=_status(kind, body),
        tone=_tone(kind, body),
        seconds=_seconds(kind, body),
        created=body["CreationTime"],
        note=_note(body, lines)[:_LONGEST_NOTE],
        share=epoch,
    )


def last_lines(kind: JobKind, body: Body, logs: LogFiles) -> list[str]:
    """The last lines of the job's first log stream."""
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
    """What came of a job: why it failed, what it said, its metrics, where its model is."""
    stored = body[kind.status] in ("Completed", "Stopped")
    return {
        "reason": body.get("FailureReason"),
        "message": body.get("ExitMessage"),
        "metrics": body.get("FinalMetricDataList", []),
        "model": body.get("ModelArtifacts", {}).get("S3ModelArtifacts") if stored else None,
    }


def metrics(body: Body) -> str:
    """The final metrics of a training job, in a line."""
    found: list[dict[str, Any]] = body.get("FinalMetricDataList", [])
    return ", ".join(f"{each['MetricName']} {each['Value']:.4g}" for each in found)


def _epoch(body: Body, lines: Sequence[str]) -> float | None:
    """How much of a job's epochs is done, by the last line that names one."""
    for line in reversed(lines):
        found = _EPOCH.search(line)
        if found:
            of = found[2] or next(_wanted(body), None)
            done = int(found[1]) + (0 if found[2] else 1)  # a bare number counts from nought
            return min(1.0, done / int(of)) if of and int(of) else None
    return None


def _wanted(body: Body) -> Iterator[str]:
    hyperparameters = body.get("HyperParameters", {})
    return (
        hyperparameters[name] for name in _EPOCHS if str(hyperparameters.get(name, "")).isdigit()
    )

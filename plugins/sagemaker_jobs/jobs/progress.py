"""Lines for the task's log about the progress of a job: status changes and stalls."""

import time
from collections.abc import Callable
from typing import Any

from sagemaker_jobs.jobs.durations import format_duration
from sagemaker_jobs.jobs.kinds import Description, JobKind

STALL_AFTER = 1800.0
"""Seconds without progress before a warning: longer than a job needs to fetch image and data."""


class StatusLog:
    """Turns successive descriptions of a job into lines for a log.

    A training job lists its own transitions, so none is missed between two polls. For the other
    kinds only the statuses that a poll has seen are known.
    """

    def __init__(self, kind: JobKind, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._kind = kind
        self._clock = clock
        self._seen: list[tuple[str, str]] = []
        self._since = clock()

    def changes(self, description: Description) -> list[str]:
        """Return one line for each status change since the previous description."""
        transitions = description.get("SecondaryStatusTransitions")
        if transitions:
            return self._transitions(transitions)
        return self._status(self._kind.status(description))

    def _status(self, status: str) -> list[str]:
        if self._seen and self._seen[-1][0] == status:
            return []
        now = self._clock()
        line = status
        if self._seen:
            line += _after(now - self._since, self._seen[-1][0])
        self._since = now
        self._seen.append((status, ""))
        return [line]

    def _transitions(self, transitions: list[dict[str, Any]]) -> list[str]:
        lines = []
        for index, transition in enumerate(transitions):
            current = (str(transition["Status"]), str(transition.get("StatusMessage", "")))
            known = self._seen[index] if index < len(self._seen) else None
            if current == known:
                continue
            previous = transitions[index - 1] if index and known is None else None
            status, message = current
            lines.append(": ".join(filter(None, (status + _after_transition(previous), message))))
            self._seen[index : index + 1] = [current]
        return lines


class StallDetector:
    """Detects a job without progress: a job that hangs costs as much as one that works."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Create a detector.

        Args:
            seconds: The time without progress before the first warning, and between warnings.
            clock: Returns the current time in seconds.
        """
        self._seconds = seconds
        self._clock = clock
        self._progress: Any = None
        self._since = self._warned = clock()

    def warning(self, progress: Any) -> str | None:
        """Return a warning for the log if another period has passed without progress.

        Args:
            progress: A value that stays equal as long as there is no progress.
        """
        now = self._clock()
        if progress != self._progress:
            self._progress, self._since, self._warned = progress, now, now
            return None
        if now - self._warned < self._seconds:
            return None
        self._warned = now
        return (
            f"no status change and no new log line for {format_duration(now - self._since)}: the "
            "job may hang. Check the job's log; to stop the job, clear this task or mark it failed"
        )


def _after_transition(transition: dict[str, Any] | None) -> str:
    if not transition or not transition.get("StartTime") or not transition.get("EndTime"):
        return ""
    seconds = (transition["EndTime"] - transition["StartTime"]).total_seconds()
    return _after(seconds, transition["Status"])


def _after(seconds: float, status: str) -> str:
    return f", after {format_duration(seconds)} in {status}"

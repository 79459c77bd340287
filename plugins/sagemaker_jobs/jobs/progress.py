"""A job's status changes, told once each, with the seconds spent in between; and stalls."""

import time
from collections.abc import Callable
from typing import Any

from sagemaker_jobs.jobs.kinds import Description, JobKind

STALL_AFTER = 1800.0
"""Seconds without progress after which a job may hang: longer than images and data take to come."""


class StatusLog:
    """Turns successive descriptions of a job into lines for a log.

    Training jobs list their own transitions, so that none is missed between two polls; of the
    other kinds only the states that were seen are known.
    """

    def __init__(self, kind: JobKind, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._kind = kind
        self._clock = clock
        self._seen: list[tuple[str, str]] = []
        self._since = clock()

    def changes(self, description: Description) -> list[str]:
        """Return a line for each change since the description before."""
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
            line = f"{status} after {now - self._since:.0f} s of {self._seen[-1][0]}"
        self._since = now
        self._seen.append((status, ""))
        return [line]

    def _transitions(self, transitions: list[dict[str, Any]]) -> list[str]:
        lines = []
        for index, transition in enumerate(transitions):
            told = (str(transition["Status"]), str(transition.get("StatusMessage", "")))
            known = self._seen[index] if index < len(self._seen) else None
            if told == known:
                continue
            before = transitions[index - 1] if index and known is None else None
            lines.append(": ".join(filter(None, (told[0] + _spent(before), told[1]))))
            self._seen[index : index + 1] = [told]
        return lines


class StallDetector:
    """Notices when nothing has changed for long: a job that hangs costs as one that works."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take after how many seconds without progress to warn, and then again each time."""
        self._seconds = seconds
        self._clock = clock
        self._progress: Any = None
        self._since = self._warned = clock()

    def warning(self, progress: Any) -> str | None:
        """Return a line for the log where nothing has changed for another such while.

        Args:
            progress: Anything that compares equal as long as nothing has happened.
        """
        now = self._clock()
        if progress != self._progress:
            self._progress, self._since, self._warned = progress, now, now
            return None
        if now - self._warned < self._seconds:
            return None
        self._warned = now
        return (
            f"no new status and no new line in its log for {(now - self._since) / 60:.0f} min: "
            "it may hang. See its log; clearing or failing this task stops it"
        )


def _spent(transition: dict[str, Any] | None) -> str:
    if not transition or not transition.get("StartTime") or not transition.get("EndTime"):
        return ""
    seconds = (transition["EndTime"] - transition["StartTime"]).total_seconds()
    return f" after {seconds:.0f} s of {transition['Status']}"

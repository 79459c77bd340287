"""Selects the lines of a job's log that the task's log repeats."""

import re
from collections.abc import Iterable

from sagemaker_jobs.jobs.epochs import EpochSummaries, epochs_of
from sagemaker_jobs.jobs.kinds import Description, JobKind


class LogFilter:
    """Selects lines by a regular expression, and summarizes the epochs of a training.

    With the default pattern of training jobs, the lines of an epoch become one line. With any other
    pattern the lines are repeated as they are.
    """

    def __init__(self, kind: JobKind, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        summarize = kind.name == "training" and pattern == kind.log_filter
        self._summaries = EpochSummaries() if summarize else None

    def use_description(self, description: Description) -> None:
        """Take the number of epochs from a description of the job."""
        if self._summaries:
            self._summaries.epochs = epochs_of(description.get("HyperParameters") or {})

    def select(self, lines: Iterable[str]) -> list[str]:
        """Return the lines for the task's log."""
        return [selected for line in lines for selected in self._select(line)]

    def finish(self) -> list[str]:
        """Return the lines that are left when the job has ended."""
        return self._summaries.finish() if self._summaries else []

    def _select(self, line: str) -> list[str]:
        summaries = self._summaries.read(line) if self._summaries else None
        if summaries is not None:
            return summaries
        return [line] if self._pattern.search(line) else []

"""Durations of the parts of a run, for timings.json."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from include.local_run.drive.run_follower import FinishedRun


class Timings:
    """Measures the parts of a command.

    Args:
        started: When the command started, as a Unix timestamp.
        install: Seconds of it that the installation took.
    """

    def __init__(self, started: float, install: float) -> None:
        self.started, self.install = started, install
        self._parts: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the duration of the block to the part `name`."""
        since = time.monotonic()
        try:
            yield
        finally:
            self._parts[name] = self._parts.get(name, 0.0) + time.monotonic() - since

    @property
    def total(self) -> float:
        """Seconds since the command started."""
        return time.time() - self.started

    def breakdown(self, runs: Mapping[str, FinishedRun], waiting: float) -> dict[str, object]:
        """Return seconds by part and by DAG run, and within a run by jobs and the rest."""
        return {
            "install": round(self.install, 2),
            **{name: round(seconds, 2) for name, seconds in self._parts.items()},
            "dags": {
                name: {
                    "seconds": round(run.seconds, 2),
                    "jobs": round(run.job_seconds, 2),
                    "between": round(run.seconds - run.job_seconds, 2),
                }
                for name, run in runs.items()
            },
            "waiting_for_assets": round(waiting, 2),
            "total": round(self.total, 2),
        }

"""How the time from the command to the results divides."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from include.local_run.drive.follow import Followed


class Timings:
    """Measures named parts of a command.

    Args:
        started: When the command began, as `time.time()` counts.
        install: Seconds of it that installing took.
    """

    def __init__(self, started: float, install: float) -> None:
        self.started, self.install = started, install
        self._parts: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measures a part."""
        since = time.monotonic()
        try:
            yield
        finally:
            self._parts[name] = self._parts.get(name, 0.0) + time.monotonic() - since

    @property
    def total(self) -> float:
        """Seconds since the command began."""
        return time.time() - self.started

    def divided(self, runs: Mapping[str, Followed], waiting: float) -> dict[str, object]:
        """The parts, each DAG's run, and how much of the runs was not work of their jobs."""
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

"""The five DAGs in order: triggered where nobody else does, followed where an asset does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from include.decisions.decision import Decision
from include.local_run.drive.airflow_api import AirflowApi, Run
from include.local_run.drive.failure import why
from include.local_run.drive.follow import Followed, Follower
from include.local_run.drive.show import Show
from include.local_run.errors import RunError

FAMILIES = (
    "dataset_refresh",
    "im2rec_conversion",
    "nightly_training",
    "endpoint_update",
    "batch_inference",
)
ASSET_PATIENCE = 45.0
DAG_PATIENCE = 180.0


class RunFailed(RunError):
    """A DAG run failed; the text names DAG, task and reason."""


@dataclass
class Chain:
    """Runs one pipeline's DAGs.

    Attributes:
        pipeline: Its name.
        followed: The runs that ended so far, by family.
        waiting: Seconds between the end of a run and the start of the one it wakes.
    """

    pipeline: str
    api: AirflowApi
    follower: Follower
    show: Show
    check: Callable[[], None]
    followed: dict[str, Followed] = field(default_factory=dict)
    waiting: float = 0.0
    _earlier: dict[str, set[str]] = field(default_factory=dict)

    def dag_id(self, family: str) -> str:
        """The DAG of a family."""
        return f"{self.pipeline}__{family}"

    def switch_on(self) -> None:
        """Waits until the five DAGs are known, unpauses them, and sees earlier runs to their end.

        Raises:
            RunError: A DAG does not appear; the text says why, where Airflow does.
        """
        deadline = time.monotonic() + DAG_PATIENCE
        for family in FAMILIES:
            self._wait_for_dag(self.dag_id(family), deadline)
        for family in FAMILIES:
            self._earlier[family] = {run.run_id for run in self.api.runs(self.dag_id(family))}
            self.api.unpause(self.dag_id(family))
        for family in FAMILIES:
            for run in self._active(family):
                self.show.line(f"{run.dag_id}: following run {run.run_id}, left by an earlier stop")
                self.follower.follow(run)

    def run(self, family: str) -> Followed:
        """Triggers a DAG and follows it.

        Raises:
            RunFailed: The run failed.
        """
        return self._follow(family, self.api.trigger(self.dag_id(family)))

    def run_woken(self, family: str, woken: bool, needed: Callable[[], Decision]) -> str | None:
        """Follows a DAG that an asset wakes; triggers it where an earlier stop left it undone.

        Args:
            family: Which.
            woken: Whether this command has just updated the asset.
            needed: Says whether there is work, and why or why not.

        Returns:
            Why nothing was to be done, or None when it ran.

        Raises:
            RunFailed: The run failed.
        """
        since = time.monotonic()
        run = self._new_run(family, ASSET_PATIENCE if woken else 0.0)
        self.waiting += time.monotonic() - since
        if run is None:
            decision = needed()
            if not decision.go:
                self.show.line(f"{self.dag_id(family)}: nothing to do: {decision.reason}")
                return decision.reason
            self.show.line(f"{self.dag_id(family)}: triggered by hand: {decision.reason}")
            run = self.api.trigger(self.dag_id(family))
        return self._follow(family, run).skipped

    def states(self) -> dict[str, str]:
        """The last run's state of each DAG that ever ran."""
        states = {}
        for family in FAMILIES:
            followed = self.followed.get(family)
            runs = [followed.run] if followed else self.api.runs(self.dag_id(family))
            if runs:
                states[self.dag_id(family)] = runs[0].state
        return states

    def _wait_for_dag(self, dag_id: str, deadline: float) -> None:
        while not self.api.has_dag(dag_id):
            self.check()
            self.show.now(f"waiting for Airflow to read {dag_id}")
            if time.monotonic() > deadline:
                errors = "; ".join(self.api.import_errors()[:3])
                raise RunError(
                    f"Airflow found no DAG {dag_id} in {DAG_PATIENCE:.0f} s: "
                    f"{errors or 'see .local/logs/dag-processor.log'}"
                )
            time.sleep(0.3)
        self.show.quiet()

    def _active(self, family: str) -> list[Run]:
        return [run for run in self.api.runs(self.dag_id(family)) if not run.ended]

    def _new_run(self, family: str, patience: float) -> Run | None:
        """The run that appeared since the DAGs were switched on and was not followed yet."""
        deadline = time.monotonic() + patience
        while True:
            for run in reversed(self.api.runs(self.dag_id(family))):
                if run.run_id not in self._earlier[family]:
                    return run
            if time.monotonic() >= deadline:
                return None
            self.show.now(f"waiting for {self.dag_id(family)}")
            self.check()
            time.sleep(0.3)

    def _follow(self, family: str, run: Run) -> Followed:
        self.show.line(f"{run.dag_id}: {run.run_id}", "bold")
        self._earlier[family].add(run.run_id)
        followed = self.follower.follow(run)
        self.followed[family] = followed
        if followed.run.state != "success":
            raise RunFailed(why(self.api, followed))
        return followed
